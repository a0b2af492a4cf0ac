//! The least that each work costs on this machine, now.

use std::fs::File;
use std::io;
use std::path::Path;

use anyhow::{Result, anyhow};
use hoian_benches::child::milliseconds;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PSS_SHA256, RsaKeyPair};
use ring::{digest, rand::SecureRandom as _};

use crate::materials::Materials;

pub struct Floors {
    key: RsaKeyPair,
    random: SystemRandom,
    copy: std::path::PathBuf,
}

impl Floors {
    pub fn new(materials: &Materials) -> Result<Self> {
        let key = RsaKeyPair::from_pkcs8(&materials.pki.private_key).map_err(|error| anyhow!("{error}"))?;
        Ok(Self {
            key,
            random: SystemRandom::new(),
            copy: materials.folder.path().join("copy"),
        })
    }

    /// One pass of SHA-256 over a file, mapped anew, in milliseconds.
    pub fn sha256(&self, file: &Path) -> Result<f64> {
        let (time, digest) = milliseconds(|| -> io::Result<_> {
            let file = File::open(file)?;
            // SAFETY: nothing changes the benchmark's own file.
            let bytes = unsafe { memmap2::Mmap::map(&file)? };
            Ok(digest::digest(&digest::SHA256, &bytes))
        });
        std::hint::black_box(digest?);
        Ok(time)
    }

    /// One signature with the private key (RSA 2048, PSS), in milliseconds.
    pub fn private_key(&self) -> Result<f64> {
        let mut message = [0; 64];
        self.random
            .fill(&mut message)
            .map_err(|error| anyhow!("{error}"))?;
        let mut value = vec![0; self.key.public().modulus_len()];
        let (time, signed) =
            milliseconds(|| self.key.sign(&RSA_PSS_SHA256, &self.random, &message, &mut value));
        signed.map_err(|error| anyhow!("{error}"))?;
        Ok(time)
    }

    /// A copy of a file inside the kernel, brought to the disk, in milliseconds.
    pub fn copy(&self, file: &Path) -> Result<f64> {
        let (time, copied) = milliseconds(|| -> io::Result<()> {
            std::fs::copy(file, &self.copy)?;
            File::open(&self.copy)?.sync_all()
        });
        copied?;
        std::fs::remove_file(&self.copy)?;
        Ok(time)
    }
}
