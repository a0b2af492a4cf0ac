//! A secret vote while it is open: the key that signs its tokens, and its ballots, as one sealed row.
//!
//! Each ballot that comes seals the whole of them anew, sorted by token and of one length a ballot. So neither the row nor
//! what a write-ahead log or a backup holds of its former states tells which ballot came when, nor what it says; and with
//! the close the row is deleted (`server/BALLOT.md`).

use std::collections::BTreeMap;
use std::convert::Infallible;

use ring::digest;
use ring::signature::{RSA_PSS_2048_8192_SHA384, RsaPublicKeyComponents};
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, PrivateKey, hazmat};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait};
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::domain::ballot::{Choice, SecretBallot, TokenKey, VoteId};
use crate::domain::meeting::MeetingId;
use crate::secret::ServerSecret;
use crate::store::Tx;
use crate::store::entity::ballot_box as row;

/// What a voter casts: the prepared message of RFC 9474 (32 random bytes before the message, which is 32 random bytes too) and
/// the signature that the server gave blindly.
#[derive(Debug, Clone)]
pub struct Token {
    pub prepared: [u8; PREPARED_BYTES],
    pub signature: Vec<u8>,
}

pub const PREPARED_BYTES: usize = 64;
/// The message itself is hashed with SHA-384, the key is of a vote that lasts hours: 112 bits are enough.
const MODULUS_BITS: usize = 2048;
pub const MODULUS_BYTES: usize = MODULUS_BITS / 8;

/// Signs tokens blindly: RSABSSA-SHA384-PSS-Randomized of RFC 9474. The side of the voter is `web/src/meeting/ballot/blind.ts`.
#[derive(Clone)]
pub struct SigningKey(PrivateKey);

impl SigningKey {
    /// A new key; it takes a processor a fraction of a second.
    ///
    /// # Errors
    /// When no primes are found, which has never been seen.
    pub fn generate(clock: &Clock) -> Result<Self, Unusable> {
        let key = PrivateKey::new(&mut Drawn(clock), MODULUS_BITS);
        key.map(Self).map_err(|_| Unusable)
    }

    fn from_der(der: &[u8]) -> Result<Self, Unusable> {
        let mut key = PrivateKey::from_pkcs8_der(der).map_err(|_| Unusable)?;
        key.precompute().map_err(|_| Unusable)?;
        Ok(Self(key))
    }

    /// As everyone is told it.
    pub fn public(&self) -> TokenKey {
        TokenKey {
            n: hex::encode(self.0.n_bytes()),
            e: hex::encode(self.0.e_bytes()),
        }
    }

    /// Signs without knowing what: BlindSign of RFC 9474, section 4.3, with the check that it asks for. The primitive is
    /// blinded once more, so that the time it takes tells nothing of the key.
    ///
    /// # Errors
    /// [`Unusable`] where it is no number below the modulus.
    pub fn sign(&self, blinded: &[u8], clock: &Clock) -> Result<Vec<u8>, Unusable> {
        let length = self.0.size();
        if blinded.len() != length {
            return Err(Unusable);
        }
        let bits = self.0.n().bits_precision();
        let message = BoxedUint::from_be_slice(blinded, bits).map_err(|_| Unusable)?;
        let signed = hazmat::rsa_decrypt_and_check(&self.0, Some(&mut Drawn(clock)), &message);
        let signed = signed.map_err(|_| Unusable)?.to_be_bytes();
        // The words of the number may be more than its bytes.
        let rest = signed.len().checked_sub(length).ok_or(Unusable)?;
        Ok(signed[rest..].to_vec())
    }

    /// Whether the token was signed by this key.
    pub fn knows(&self, token: &Token) -> bool {
        self.verifies(&token.prepared, &token.signature)
    }

    fn verifies(&self, prepared: &[u8], signature: &[u8]) -> bool {
        let public = RsaPublicKeyComponents {
            n: self.0.n_bytes(),
            e: self.0.e_bytes(),
        };
        public
            .verify(&RSA_PSS_2048_8192_SHA384, prepared, signature)
            .is_ok()
    }
}

/// The program's randomness as the primitive takes it.
struct Drawn<'a>(&'a Clock);

impl TryRng for Drawn<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.0.random_bytes()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.0.random_bytes()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for part in bytes.chunks_mut(32) {
            part.copy_from_slice(&self.0.random_bytes::<32>()[..part.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Drawn<'_> {}

/// Neither a key nor anything to be signed with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key or what it is to sign cannot be used")]
pub struct Unusable;

impl Token {
    /// Under which name the ballot is published: whoever cast it can find it again.
    pub fn name(&self) -> [u8; NAME_BYTES] {
        let mut name = [0; NAME_BYTES];
        name.copy_from_slice(digest::digest(&digest::SHA256, &self.prepared).as_ref());
        name
    }
}

const NAME_BYTES: usize = 32;

/// Key and ballots of one vote.
pub struct BallotBox {
    pub key: SigningKey,
    ballots: BTreeMap<[u8; NAME_BYTES], Choice>,
}

impl BallotBox {
    pub fn new(key: SigningKey) -> Self {
        Self {
            key,
            ballots: BTreeMap::new(),
        }
    }

    /// Puts a ballot in, or takes it out; comes back with the one cast with the same token before.
    pub fn put(&mut self, token: &Token, choice: Option<Choice>) -> Option<Choice> {
        match choice {
            Some(choice) => self.ballots.insert(token.name(), choice),
            None => self.ballots.remove(&token.name()),
        }
    }

    pub fn count(&self) -> usize {
        self.ballots.len()
    }

    /// Sorted by token.
    pub fn published(&self) -> Vec<SecretBallot> {
        let ballots = self.ballots.iter();
        ballots
            .map(|(name, choice)| SecretBallot {
                token: hex::encode(name),
                choice: *choice,
            })
            .collect()
    }

    /// The box of a vote, where it is open.
    ///
    /// # Errors
    /// When the database refuses, or the row was sealed under another server secret.
    pub async fn load(
        connection: &impl ConnectionTrait,
        secret: &ServerSecret,
        meeting: &MeetingId,
        vote: VoteId,
    ) -> Result<Option<Self>, DbErr> {
        let found = row::Entity::find_by_id((meeting.clone(), number(vote)))
            .one(connection)
            .await?;
        let Some(found) = found else { return Ok(None) };
        let plain = secret.open(&purpose(meeting, vote), &found.sealed);
        let opened = plain.ok().and_then(|plain| Self::read(&plain));
        let opened = opened.ok_or_else(|| {
            DbErr::Custom(format!(
                "the ballot box {vote} of meeting {meeting} cannot be opened"
            ))
        })?;
        Ok(Some(opened))
    }

    /// Keeps it in place of its former state.
    ///
    /// # Errors
    /// When the database refuses, or the key cannot be written.
    pub async fn keep(
        &self,
        tx: &Tx,
        (secret, clock): (&ServerSecret, &Clock),
        meeting: &MeetingId,
        vote: VoteId,
    ) -> Result<(), DbErr> {
        let plain = self.written().map_err(|error| DbErr::Custom(error.to_string()))?;
        let kept = row::ActiveModel {
            meeting_id: Set(meeting.clone()),
            vote: Set(number(vote)),
            sealed: Set(secret.seal(&purpose(meeting, vote), &plain, clock)),
        };
        let replace = OnConflict::columns([row::Column::MeetingId, row::Column::Vote])
            .update_column(row::Column::Sealed)
            .to_owned();
        row::Entity::insert(kept)
            .on_conflict(replace)
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }

    /// Length of the key, the key, then the ballots: each the name of its token and one byte.
    fn written(&self) -> Result<Zeroizing<Vec<u8>>, Unusable> {
        let der = Zeroizing::new(
            self.key
                .0
                .to_pkcs8_der()
                .map_err(|_| Unusable)?
                .as_bytes()
                .to_vec(),
        );
        let length = u16::try_from(der.len()).map_err(|_| Unusable)?;
        let mut plain = Zeroizing::new(length.to_be_bytes().to_vec());
        plain.extend_from_slice(&der);
        for (name, choice) in &self.ballots {
            plain.extend_from_slice(name);
            plain.push(*choice as u8);
        }
        Ok(plain)
    }

    fn read(plain: &[u8]) -> Option<Self> {
        let (length, rest) = plain.split_first_chunk()?;
        let (der, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let mut ballots = BTreeMap::new();
        for ballot in rest.chunks(NAME_BYTES + 1) {
            let (name, choice) = ballot.split_first_chunk()?;
            ballots.insert(*name, *Choice::ALL.get(usize::from(*choice.first()?))?);
        }
        let key = SigningKey::from_der(der).ok()?;
        Some(Self { key, ballots })
    }
}

/// Forgets key and ballots of a vote.
///
/// # Errors
/// When the database refuses.
pub async fn forget(tx: &Tx, meeting: &MeetingId, vote: VoteId) -> Result<(), DbErr> {
    row::Entity::delete_by_id((meeting.clone(), number(vote)))
        .exec(tx)
        .await?;
    Ok(())
}

fn purpose(meeting: &MeetingId, vote: VoteId) -> String {
    format!("ballot box {vote} of meeting {meeting}")
}

fn number(vote: VoteId) -> i32 {
    i32::try_from(vote).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(byte: u8) -> Token {
        Token {
            prepared: [byte; PREPARED_BYTES],
            signature: Vec::new(),
        }
    }

    #[test]
    fn a_box_reads_again_what_it_wrote_whatever_the_order() {
        let clock = Clock::manual(crate::clock::Timestamp(0));
        let key = SigningKey::generate(&clock).unwrap();
        let mut one = BallotBox::new(key.clone());
        for (byte, choice) in [
            (1, Choice::InFavour),
            (2, Choice::Against),
            (3, Choice::Abstaining),
        ] {
            assert_eq!(one.put(&token(byte), Some(choice)), None);
        }
        let mut other = BallotBox::new(key);
        for (byte, choice) in [
            (3, Choice::Abstaining),
            (1, Choice::Against),
            (2, Choice::Against),
            (1, Choice::InFavour),
        ] {
            other.put(&token(byte), Some(choice));
        }
        let again = other.put(&token(1), Some(Choice::InFavour));
        assert_eq!(again, Some(Choice::InFavour), "the same again");
        other.put(&token(4), Some(Choice::Against));
        other.put(&token(4), None);
        let written = one.written().unwrap();
        assert_eq!(
            *written,
            *other.written().unwrap(),
            "the order in which they came is not in it"
        );
        let again = BallotBox::read(&written).unwrap();
        assert_eq!(again.published(), one.published());
        assert_eq!(again.key.public(), one.key.public());
        assert!(BallotBox::read(&written[..written.len() - 1]).is_none());
        assert!(BallotBox::read(&written[..9]).is_none());
        assert_eq!(
            again.written().unwrap().len() - BallotBox::new(again.key.clone()).written().unwrap().len(),
            3 * 33
        );
    }

    /// RFC 9474, Appendix A: the same vectors judge the voter's side.
    #[test]
    fn signs_blindly_and_verifies_as_the_rfc_does() {
        let vectors = include_str!("../../../web/src/meeting/ballot/rfc9474.json");
        let vectors: Vec<BTreeMap<String, String>> = serde_json::from_str(vectors).unwrap();
        let clock = Clock::manual(crate::clock::Timestamp(0));
        for vector in vectors {
            let bytes = |name: &str| hex::decode(&vector[name]).unwrap();
            let number = |name: &str| {
                let text = &vector[name];
                BoxedUint::from_be_slice_vartime(
                    &hex::decode(format!("{:0>1$}", text, text.len().next_multiple_of(2))).unwrap(),
                )
            };
            let primes = vec![number("p"), number("q")];
            let mut key = PrivateKey::from_components(number("n"), number("e"), number("d"), primes).unwrap();
            key.precompute().unwrap();
            let key = SigningKey(key);
            assert_eq!(
                key.sign(&bytes("blinded_msg"), &clock).unwrap(),
                bytes("blind_sig")
            );
            assert!(key.verifies(&bytes("input_msg"), &bytes("sig")));
            let mut changed = bytes("input_msg");
            changed[40] ^= 1;
            assert!(!key.verifies(&changed, &bytes("sig")));
            assert!(!key.verifies(&bytes("input_msg"), &bytes("sig")[1..]));
            assert_eq!(
                key.sign(&[0xff; 512], &clock),
                Err(Unusable),
                "not below the modulus"
            );
            assert_eq!(key.sign(&[1; 7], &clock), Err(Unusable));
        }
    }
}
