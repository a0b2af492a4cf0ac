//! RC4, and AES in chains of blocks, as encrypted files use them.

use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};

use crate::error::{Error, Result};

pub(super) fn rc4(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut state: Vec<u8> = (0..=255).collect();
    let mut swap = 0_u8;
    for index in 0..256 {
        swap = swap
            .wrapping_add(state[index])
            .wrapping_add(key[index % key.len()]);
        state.swap(index, usize::from(swap));
    }
    let (mut first, mut second) = (0_u8, 0_u8);
    data.iter()
        .map(|byte| {
            first = first.wrapping_add(1);
            second = second.wrapping_add(state[usize::from(first)]);
            state.swap(usize::from(first), usize::from(second));
            let sum = state[usize::from(first)].wrapping_add(state[usize::from(second)]);
            byte ^ state[usize::from(sum)]
        })
        .collect()
}

/// An initialisation vector, then blocks with PKCS #7 padding.
pub(super) fn aes_data(key: &[u8], data: &[u8]) -> Result<Vec<u8>> {
    let fault = || Error::malformed("PDF", "encrypted data");
    if data.is_empty() {
        return Ok(Vec::new());
    }
    let (vector, blocks) = data.split_at_checked(16).ok_or_else(fault)?;
    let mut plain = aes_cbc_decrypt(key, vector, blocks).ok_or_else(fault)?;
    let padding = usize::from(plain.last().copied().unwrap_or(0));
    let kept = plain
        .len()
        .checked_sub(padding)
        .filter(|_| padding <= 16)
        .ok_or_else(fault)?;
    plain.truncate(kept);
    Ok(plain)
}

pub(super) fn aes_cbc_decrypt(key: &[u8], vector: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    match key.len() {
        16 => cbc_decrypt(&aes::Aes128::new_from_slice(key).ok()?, vector, data),
        32 => cbc_decrypt(&aes::Aes256::new_from_slice(key).ok()?, vector, data),
        _ => None,
    }
}

fn cbc_decrypt<C>(cipher: &C, vector: &[u8], data: &[u8]) -> Option<Vec<u8>>
where
    C: BlockCipherDecrypt + aes::cipher::BlockSizeUser<BlockSize = aes::cipher::consts::U16>,
{
    if !data.len().is_multiple_of(16) {
        return None;
    }
    let mut output = Vec::with_capacity(data.len());
    let mut previous = vector;
    for chunk in data.chunks_exact(16) {
        let mut block = Array::try_from(chunk).ok()?;
        cipher.decrypt_block(&mut block);
        output.extend(block.iter().zip(previous).map(|(byte, before)| byte ^ before));
        previous = chunk;
    }
    Some(output)
}

pub(super) fn aes_128_cbc_encrypt(key: &[u8], vector: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let cipher = aes::Aes128::new_from_slice(key).ok()?;
    let mut output: Vec<u8> = Vec::with_capacity(data.len());
    let mut previous: [u8; 16] = vector.try_into().ok()?;
    for chunk in data.chunks_exact(16) {
        let mut block: [u8; 16] = chunk.try_into().ok()?;
        block
            .iter_mut()
            .zip(previous)
            .for_each(|(byte, before)| *byte ^= before);
        let mut block = Array::from(block);
        cipher.encrypt_block(&mut block);
        previous = block.into();
        output.extend(previous);
    }
    Some(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rc4_gives_the_published_stream() {
        // RFC 6229's key 0102030405.
        assert_eq!(rc4(&[1, 2, 3, 4, 5], &[0; 4]), [0xB2, 0x39, 0x63, 0x05]);
    }
}
