//! Ed448 (RFC 8032 section 5.2), for verifying alone: every input is public, so nothing here needs constant time.

use num_bigint::BigUint;

use super::Digest;

const LENGTH: usize = 57;

struct Field {
    prime: BigUint,
    /// The d of the curve is its negative, 39081.
    minus_d: BigUint,
    order: BigUint,
}

/// (X / Z, Y / Z).
#[derive(Clone)]
struct Point {
    x: BigUint,
    y: BigUint,
    z: BigUint,
}

/// Whether `value` signs `message`, without a context.
pub(super) fn verify(key: &[u8], message: &[u8], value: &[u8]) -> bool {
    check(key, message, value).unwrap_or(false)
}

fn check(key: &[u8], message: &[u8], value: &[u8]) -> Option<bool> {
    let field = Field::new()?;
    if value.len() != 2 * LENGTH || key.len() != LENGTH {
        return None;
    }
    let (commitment, scalar) = value.split_at(LENGTH);
    let scalar = BigUint::from_bytes_le(scalar);
    if scalar >= field.order {
        return None;
    }
    let (public, commitment_point) = (field.point(key)?, field.point(commitment)?);
    // dom4 with neither prehash nor context.
    let challenge = Digest::shake256(&[b"SigEd448\0\0", commitment, key, message], 2 * LENGTH);
    let challenge = BigUint::from_bytes_le(&challenge) % &field.order;
    let left = field.times(&field.generator()?, &scalar);
    let right = field.add(&commitment_point, &field.times(&public, &challenge));
    Some(field.is_same(&left, &right))
}

impl Field {
    fn new() -> Option<Self> {
        let one = BigUint::from(1_u8);
        let part = b"13818066809895115352007386748515426880336692474882178609894547503885";
        Some(Self {
            prime: (&one << 448_u32) - (&one << 224_u32) - &one,
            minus_d: BigUint::from(39_081_u32),
            order: (&one << 446_u32) - BigUint::parse_bytes(part, 10)?,
        })
    }

    fn generator(&self) -> Option<Point> {
        let x = b"224580040295924300187604334099896036246789641632564134246125461686950415467406032909029192869357953282578032075146446173674602635247710";
        let y = b"298819210078481492676017930443930673437544040154080242095928241372331506189835876003536878655418784733982303233503462500531545062832660";
        Some(Point {
            x: BigUint::parse_bytes(x, 10)?,
            y: BigUint::parse_bytes(y, 10)?,
            z: BigUint::from(1_u8),
        })
    }

    fn minus(&self, left: &BigUint, right: &BigUint) -> BigUint {
        (left + &self.prime - right % &self.prime) % &self.prime
    }

    /// Section 5.2.3.
    fn point(&self, octets: &[u8]) -> Option<Point> {
        let (last, digits) = octets.split_last()?;
        let y = BigUint::from_bytes_le(digits);
        if last & 0x7F != 0 || y >= self.prime {
            return None;
        }
        let prime = &self.prime;
        let square = y.pow(2) % prime;
        let u = self.minus(&square, &BigUint::from(1_u8));
        // v = d y² - 1
        let v = self.minus(&BigUint::ZERO, &(&self.minus_d * &square + 1_u8));
        let exponent = (prime - 3_u8) >> 2_u8;
        let root = (u.pow(5) * v.pow(3) % prime).modpow(&exponent, prime);
        let mut x = u.pow(3) * &v % prime * root % prime;
        if &v * x.pow(2) % prime != u {
            return None;
        }
        let sign = last & 0x80 != 0;
        if sign && x == BigUint::ZERO {
            return None;
        }
        if x.bit(0) != sign {
            x = prime - x;
        }
        let z = BigUint::from(1_u8);
        Some(Point { x, y, z })
    }

    /// Section 5.2.4; the formulas hold for equal points too.
    fn add(&self, left: &Point, right: &Point) -> Point {
        let prime = &self.prime;
        let a = &left.z * &right.z % prime;
        let b = a.pow(2) % prime;
        let (c, d) = (&left.x * &right.x % prime, &left.y * &right.y % prime);
        // E = d C D, kept as its negative.
        let e = &self.minus_d * &c % prime * &d % prime;
        let (f, g) = ((&b + &e) % prime, self.minus(&b, &e));
        let h = (&left.x + &left.y) * (&right.x + &right.y) % prime;
        let crossed = self.minus(&self.minus(&h, &c), &d);
        Point {
            x: &a * &f % prime * crossed % prime,
            y: &a * &g % prime * self.minus(&d, &c) % prime,
            z: f * g % prime,
        }
    }

    fn times(&self, point: &Point, scalar: &BigUint) -> Point {
        let mut sum = Point {
            x: BigUint::ZERO,
            y: BigUint::from(1_u8),
            z: BigUint::from(1_u8),
        };
        for bit in (0..scalar.bits()).rev() {
            sum = self.add(&sum, &sum);
            if scalar.bit(bit) {
                sum = self.add(&sum, point);
            }
        }
        sum
    }

    fn is_same(&self, left: &Point, right: &Point) -> bool {
        let prime = &self.prime;
        &left.x * &right.z % prime == &right.x * &left.z % prime
            && &left.y * &right.z % prime == &right.y * &left.z % prime
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    }

    #[test]
    fn takes_the_published_signatures_and_refuses_their_neighbours() {
        // RFC 8032 section 7.4, "Blank" and "1 octet".
        let cases = [
            (
                "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180",
                "",
                "533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f2b233f034f628281f2fd7a22ddd47d7828c59bd0a21bfd3980ff0d2028d4b18a9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cdda8530a113a0f4dbb61149f05a7363268c71d95808ff2e652600",
            ),
            (
                "43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c0866aea01eb00742802b8438ea4cb82169c235160627b4c3a9480",
                "03",
                "26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f4352541b143c4b981b7e18f62de8ccdf633fc1bf037ab7cd779805e0dbcc0aae1cbcee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0ff3348ab21aa4adafd1d234441cf807c03a00",
            ),
        ];
        for (key, message, value) in cases {
            let (key, message, mut value) = (bytes(key), bytes(message), bytes(value));
            assert!(verify(&key, &message, &value));
            assert!(!verify(&key, b"other", &value));
            value[3] ^= 1;
            assert!(!verify(&key, &message, &value));
            assert!(!verify(&key[1..], &message, &value));
        }
    }
}
