//! A device that holds passkeys, in this process: it makes keys, answers questions, and can be made to answer wrongly. What it
//! sends has the form in which a browser sends it (Web Authentication level 3).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

/// User present, user verified (section 6.1).
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
/// A key is attached.
const ATTACHED: u8 = 0x40;

/// A device with one key.
pub struct Authenticator {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    /// Whose it says the key is, in base64url.
    pub user_handle: String,
    /// The host for which it answers.
    pub host: String,
    /// The page that asked, as the browser tells it.
    pub origin: String,
    /// Whether it asks for finger, face or PIN.
    pub verifies: bool,
    /// Counts signatures.
    pub counter: u32,
}

impl Authenticator {
    /// A new device before a page of `origin`.
    pub fn new(origin: &str) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
        let id = digest(&SHA256, key.public_key().as_ref()).as_ref().to_vec();
        Self {
            key,
            id,
            user_handle: String::new(),
            host: "localhost".to_owned(),
            origin: origin.to_owned(),
            verifies: true,
            counter: 0,
        }
    }

    /// What the device calls its key.
    pub fn id(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(&self.id)
    }

    /// Makes the key that is asked for (`navigator.credentials.create`).
    pub fn create(&mut self, question: &Value) -> Value {
        assert_eq!(question["authenticatorSelection"]["userVerification"], "required");
        assert_eq!(question["authenticatorSelection"]["residentKey"], "required");
        self.user_handle = question["user"]["id"].as_str().unwrap().to_owned();
        let mut data = self.data(ATTACHED);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        data.extend(self.cose());
        // {"fmt": "none", "attStmt": {}, "authData": ...} in CBOR.
        let mut object = vec![0xA3, 0x63];
        object.extend(b"fmt\x64none");
        object.push(0x67);
        object.extend(b"attStmt\xA0");
        object.push(0x68);
        object.extend(b"authData");
        object.extend([0x58, u8::try_from(data.len()).unwrap()]);
        object.extend(&data);
        json!({
            "id": self.id(), "rawId": self.id(), "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": BASE64_URL_SAFE_NO_PAD.encode(self.client_data("webauthn.create", question)),
                "attestationObject": BASE64_URL_SAFE_NO_PAD.encode(object),
                "transports": ["internal"],
            },
        })
    }

    /// Answers with its key (`navigator.credentials.get`).
    pub fn get(&mut self, question: &Value) -> Value {
        self.counter += 1;
        let data = self.data(0);
        let client_data = self.client_data("webauthn.get", question);
        let signed = [&data[..], digest(&SHA256, &client_data).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": self.id(), "rawId": self.id(), "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": BASE64_URL_SAFE_NO_PAD.encode(client_data),
                "authenticatorData": BASE64_URL_SAFE_NO_PAD.encode(data),
                "signature": BASE64_URL_SAFE_NO_PAD.encode(signature),
                "userHandle": self.user_handle,
            },
        })
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let verified = if self.verifies { VERIFIED } else { 0 };
        let mut data = digest(&SHA256, self.host.as_bytes()).as_ref().to_vec();
        data.push(PRESENT | verified | flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn client_data(&self, kind: &str, question: &Value) -> Vec<u8> {
        let challenge = question["challenge"].as_str().unwrap();
        format!(
            r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{}","crossOrigin":false}}"#,
            self.origin
        )
        .into_bytes()
    }

    /// The public key for ES256 (RFC 9053 section 7.1.1) in CBOR.
    fn cose(&self) -> Vec<u8> {
        let point = self.key.public_key().as_ref();
        let mut key = vec![0xA5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        key.extend(&point[1..33]);
        key.extend([0x22, 0x58, 0x20]);
        key.extend(&point[33..]);
        key
    }
}
