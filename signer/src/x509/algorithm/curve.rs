//! ECDSA on the prime curves ring lacks (FIPS 186-5 section 6.4.2, RFC 5639), for verifying alone: every input is public,
//! so nothing here needs constant time.

use num_bigint::BigUint;

use crate::cms::ber::{Reader, tag};
use crate::cms::oid;

/// Domain parameters in hexadecimal: prime, a, b, generator, order.
struct Parameters {
    prime: &'static str,
    a: &'static str,
    b: &'static str,
    generator: (&'static str, &'static str),
    order: &'static str,
}

const P256: Parameters = Parameters {
    prime: "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
    a: "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
    b: "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
    generator: (
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
    ),
    order: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
};
const P384: Parameters = Parameters {
    prime: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
    a: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000fffffffc",
    b: "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
    generator: (
        "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
        "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
    ),
    order: "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
};
const P521: Parameters = Parameters {
    prime: "1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    a: "1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc",
    b: "51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
    generator: (
        "c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
        "11839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
    ),
    order: "1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
};
const BRAINPOOL_P256: Parameters = Parameters {
    prime: "a9fb57dba1eea9bc3e660a909d838d726e3bf623d52620282013481d1f6e5377",
    a: "7d5a0975fc2c3057eef67530417affe7fb8055c126dc5c6ce94a4b44f330b5d9",
    b: "26dc5c6ce94a4b44f330b5d9bbd77cbf958416295cf7e1ce6bccdc18ff8c07b6",
    generator: (
        "8bd2aeb9cb7e57cb2c4b482ffc81b7afb9de27e1e3bd23c23a4453bd9ace3262",
        "547ef835c3dac4fd97f8461a14611dc9c27745132ded8e545c1d54c72f046997",
    ),
    order: "a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7",
};
const BRAINPOOL_P384: Parameters = Parameters {
    prime: "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b412b1da197fb71123acd3a729901d1a71874700133107ec53",
    a: "7bc382c63d8c150c3c72080ace05afa0c2bea28e4fb22787139165efba91f90f8aa5814a503ad4eb04a8c7dd22ce2826",
    b: "4a8c7dd22ce28268b39b55416f0447c2fb77de107dcd2a62e880ea53eeb62d57cb4390295dbc9943ab78696fa504c11",
    generator: (
        "1d1c64f068cf45ffa2a63a81b7c13f6b8847a3e77ef14fe3db7fcafe0cbd10e8e826e03436d646aaef87b2e247d4af1e",
        "8abe1d7520f9c2a45cb1eb8e95cfd55262b70b29feec5864e19c054ff99129280e4646217791811142820341263c5315",
    ),
    order: "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b31f166e6cac0425a7cf3ab6af6b7fc3103b883202e9046565",
};
const BRAINPOOL_P512: Parameters = Parameters {
    prime: "aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca703308717d4d9b009bc66842aecda12ae6a380e62881ff2f2d82c68528aa6056583a48f3",
    a: "7830a3318b603b89e2327145ac234cc594cbdd8d3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94ca",
    b: "3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94cadc083e67984050b75ebae5dd2809bd638016f723",
    generator: (
        "81aee4bdd82ed9645a21322e9c4c6a9385ed9f70b5d916c1b43b62eef4d0098eff3b1f78e2d0d48d50d1687b93b97d5f7c6d5047406a5e688b352209bcb9f822",
        "7dde385d566332ecc0eabfa9cf7822fdf209f70024a57b1aa000c55b881f8111b2dcde494a5f485e5bca4bd88a2763aed1ca2b2fa8f0540678cd1e0f3ad80892",
    ),
    order: "aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca70330870553e5c414ca92619418661197fac10471db1d381085ddaddb58796829ca90069",
};

fn parameters(curve: &[u8]) -> Option<Parameters> {
    Some(match curve {
        oid::P256 => P256,
        oid::P384 => P384,
        oid::P521 => P521,
        oid::BRAINPOOL_P256 => BRAINPOOL_P256,
        oid::BRAINPOOL_P384 => BRAINPOOL_P384,
        oid::BRAINPOOL_P512 => BRAINPOOL_P512,
        _ => return None,
    })
}

/// How the two numbers of a signature value are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// `SEQUENCE { r, s }`.
    Asn1,
    /// r and s side by side (BSI TR-03111 section 5.2.1).
    Plain,
}

/// Whether `value` signs the digest `hash`; `None` for a curve beyond this crate.
pub(super) fn verify(curve: &[u8], point: &[u8], hash: &[u8], value: &[u8], format: Format) -> Option<bool> {
    let curve = Curve::new(&parameters(curve)?)?;
    Some(curve.verify(point, hash, value, format).unwrap_or(false))
}

struct Curve {
    prime: BigUint,
    a: BigUint,
    b: BigUint,
    generator: Jacobian,
    order: BigUint,
}

/// (X / Z², Y / Z³); Z = 0 is the neutral point.
#[derive(Clone)]
struct Jacobian {
    x: BigUint,
    y: BigUint,
    z: BigUint,
}

impl Curve {
    fn new(parameters: &Parameters) -> Option<Self> {
        let number = |text: &str| BigUint::parse_bytes(text.as_bytes(), 16);
        Some(Self {
            prime: number(parameters.prime)?,
            a: number(parameters.a)?,
            b: number(parameters.b)?,
            generator: Jacobian {
                x: number(parameters.generator.0)?,
                y: number(parameters.generator.1)?,
                z: BigUint::from(1_u8),
            },
            order: number(parameters.order)?,
        })
    }

    fn verify(&self, point: &[u8], hash: &[u8], value: &[u8], format: Format) -> Option<bool> {
        let public = self.point(point)?;
        let (r, s) = self.numbers(value, format)?;
        let zero = BigUint::ZERO;
        if r == zero || s == zero || r >= self.order || s >= self.order {
            return Some(false);
        }
        let bits = usize::try_from(self.order.bits()).ok()?;
        let mut digest = BigUint::from_bytes_be(hash);
        if hash.len() * 8 > bits {
            digest >>= hash.len() * 8 - bits;
        }
        let inverse = s.modpow(&(&self.order - 2_u8), &self.order);
        let first = self.times(&self.generator, &(digest * &inverse % &self.order));
        let second = self.times(&public, &(&r * &inverse % &self.order));
        let sum = self.add(&first, &second);
        if sum.z == zero {
            return Some(false);
        }
        let scale = sum.z.modpow(&(&self.prime - 2_u8), &self.prime);
        let x = sum.x * &scale % &self.prime * &scale % &self.prime;
        Some(x % &self.order == r)
    }

    /// An uncompressed point (SEC 1 section 2.3.4) that lies on the curve.
    fn point(&self, octets: &[u8]) -> Option<Jacobian> {
        let [4, coordinates @ ..] = octets else {
            return None;
        };
        let length = usize::try_from(self.prime.bits().div_ceil(8)).ok()?;
        if coordinates.len() != 2 * length {
            return None;
        }
        let (x, y) = coordinates.split_at(length);
        let (x, y) = (BigUint::from_bytes_be(x), BigUint::from_bytes_be(y));
        let right = (x.pow(3) + &self.a * &x + &self.b) % &self.prime;
        let fits = x < self.prime && y < self.prime && y.pow(2) % &self.prime == right;
        fits.then(|| Jacobian {
            x,
            y,
            z: BigUint::from(1_u8),
        })
    }

    fn numbers(&self, value: &[u8], format: Format) -> Option<(BigUint, BigUint)> {
        if format == Format::Plain {
            let length = usize::try_from(self.order.bits().div_ceil(8)).ok()?;
            if value.len() != 2 * length {
                return None;
            }
            let (r, s) = value.split_at(length);
            return Some((BigUint::from_bytes_be(r), BigUint::from_bytes_be(s)));
        }
        let mut outer = Reader::new(value);
        let mut numbers = outer.expect(tag::SEQUENCE).ok()?.inside();
        outer.end().ok()?;
        let r = positive(numbers.expect(tag::INTEGER).ok()?.content)?;
        let s = positive(numbers.expect(tag::INTEGER).ok()?.content)?;
        numbers.end().ok()?;
        Some((r, s))
    }

    fn minus(&self, left: &BigUint, right: &BigUint) -> BigUint {
        (left + &self.prime - right % &self.prime) % &self.prime
    }

    fn double(&self, point: &Jacobian) -> Jacobian {
        let prime = &self.prime;
        let square = point.y.pow(2) % prime;
        let s = &point.x * &square * 4_u8 % prime;
        let m = (point.x.pow(2) * 3_u8 + &self.a * point.z.pow(4)) % prime;
        let x = self.minus(&(m.pow(2) % prime), &(&s * 2_u8));
        let y = self.minus(&(&m * self.minus(&s, &x) % prime), &(square.pow(2) * 8_u8));
        let z = &point.y * &point.z * 2_u8 % prime;
        Jacobian { x, y, z }
    }

    fn add(&self, left: &Jacobian, right: &Jacobian) -> Jacobian {
        let zero = BigUint::ZERO;
        if left.z == zero {
            return right.clone();
        }
        if right.z == zero {
            return left.clone();
        }
        let prime = &self.prime;
        let (left_square, right_square) = (left.z.pow(2) % prime, right.z.pow(2) % prime);
        let u1 = &left.x * &right_square % prime;
        let u2 = &right.x * &left_square % prime;
        let s1 = &left.y * &right_square % prime * &right.z % prime;
        let s2 = &right.y * &left_square % prime * &left.z % prime;
        let (h, r) = (self.minus(&u2, &u1), self.minus(&s2, &s1));
        if h == zero {
            return if r == zero {
                self.double(left)
            } else {
                Jacobian {
                    x: BigUint::from(1_u8),
                    y: BigUint::from(1_u8),
                    z: zero,
                }
            };
        }
        let square = h.pow(2) % prime;
        let cube = &square * &h % prime;
        let v = u1 * square % prime;
        let x = self.minus(&(r.pow(2) % prime), &(&cube + &v * 2_u8));
        let y = self.minus(&(r * self.minus(&v, &x) % prime), &(s1 * cube));
        let z = &left.z * &right.z % prime * h % prime;
        Jacobian { x, y, z }
    }

    fn times(&self, point: &Jacobian, scalar: &BigUint) -> Jacobian {
        let mut sum = Jacobian {
            x: BigUint::from(1_u8),
            y: BigUint::from(1_u8),
            z: BigUint::ZERO,
        };
        for bit in (0..scalar.bits()).rev() {
            sum = self.double(&sum);
            if scalar.bit(bit) {
                sum = self.add(&sum, point);
            }
        }
        sum
    }
}

/// A positive INTEGER in its shortest form.
fn positive(content: &[u8]) -> Option<BigUint> {
    match content {
        [] | [0x80..=0xFF, ..] | [0, 0..=0x7F, ..] => None,
        digits => Some(BigUint::from_bytes_be(digits)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generators_lie_on_their_curves_and_have_their_order() {
        for parameters in [P256, P384, P521, BRAINPOOL_P256, BRAINPOOL_P384, BRAINPOOL_P512] {
            let curve = Curve::new(&parameters).unwrap();
            let point = &curve.generator;
            let right = (point.x.pow(3) + &curve.a * &point.x + &curve.b) % &curve.prime;
            assert_eq!(point.y.pow(2) % &curve.prime, right);
            assert_eq!(curve.times(point, &curve.order).z, BigUint::ZERO);
        }
    }

    #[test]
    fn agrees_with_ring_on_a_signature_and_refuses_its_neighbours() {
        use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
        let random = ring::rand::SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random).unwrap();
        let signature = key.sign(&random, b"text").unwrap();
        let point = key.public_key().as_ref();
        let check = |message: &[u8], value: &[u8]| {
            let hash = super::super::Digest::Sha256.hash(&[message]);
            verify(oid::P256, point, &hash, value, Format::Asn1)
        };
        assert_eq!(check(b"text", signature.as_ref()), Some(true));
        assert_eq!(check(b"Text", signature.as_ref()), Some(false));
        assert_eq!(check(b"text", &signature.as_ref()[1..]), Some(false));
        assert_eq!(
            verify(oid::P384, point, &[], signature.as_ref(), Format::Asn1),
            Some(false)
        );
        assert_eq!(
            verify(oid::ED448, point, &[], signature.as_ref(), Format::Asn1),
            None
        );
    }
}
