//! What file and environment say, as one tree that serde reads.
//!
//! A variable has no type of its own: its text is what its setting is. A password of figures alone stays a password, and
//! `007` of a text setting keeps its zeros; for any other setting the text is read as TOML would.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

/// A part of the settings.
pub(super) enum Said {
    Table(BTreeMap<String, Said>),
    /// From the file.
    Value(toml::Value),
    /// From the environment.
    Text(String),
}

impl From<toml::Table> for Said {
    fn from(table: toml::Table) -> Self {
        let entries = table.into_iter().map(|(key, value)| match value {
            toml::Value::Table(table) => (key, table.into()),
            value => (key, Said::Value(value)),
        });
        Said::Table(entries.collect())
    }
}

impl Said {
    /// The table that stands here, if anything else does not.
    pub fn table(&mut self) -> Option<&mut BTreeMap<String, Said>> {
        match self {
            Said::Table(table) => Some(table),
            Said::Value(_) | Said::Text(_) => None,
        }
    }
}

/// Why a part cannot be used, with the place of it.
#[derive(Debug)]
pub struct Fault {
    /// The innermost key first.
    keys: Vec<String>,
    words: String,
}

impl Fault {
    fn within(mut self, key: &str) -> Self {
        self.keys.push(key.to_owned());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.keys.iter().rev().map(String::as_str).collect();
        match keys[..] {
            [] => formatter.write_str(&self.words),
            _ => write!(formatter, "{}: {}", keys.join("."), self.words),
        }
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(words: T) -> Self {
        Fault {
            keys: Vec::new(),
            words: words.to_string(),
        }
    }
}

impl From<toml::de::Error> for Fault {
    fn from(error: toml::de::Error) -> Self {
        de::Error::custom(error.message())
    }
}

impl IntoDeserializer<'_, Fault> for Said {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Said {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Said::Table(table) => visitor.visit_map(Entries {
                rest: table.into_iter(),
                entry: None,
            }),
            Said::Value(value) => Ok(value.deserialize_any(visitor)?),
            Said::Text(text) => Ok(value_of(text).deserialize_any(visitor)?),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Said::Text(text) => visitor.visit_string(text),
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self {
            Said::Table(_) => Err(de::Error::custom("a table where a word is expected")),
            Said::Value(value) => Ok(value.deserialize_enum(name, variants, visitor)?),
            Said::Text(text) => StringDeserializer::new(text).deserialize_enum(name, variants, visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

struct Entries {
    rest: std::collections::btree_map::IntoIter<String, Said>,
    entry: Option<(String, Said)>,
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.entry = self.rest.next();
        let key = self.entry.as_ref().map(|(key, _)| key.clone());
        key.map(|key| seed.deserialize(StringDeserializer::new(key)))
            .transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (key, value) = self
            .entry
            .take()
            .ok_or_else(|| <Fault as de::Error>::custom("a value without a key"))?;
        seed.deserialize(value).map_err(|fault| fault.within(&key))
    }
}

/// Numbers, booleans and lists are written as in TOML; anything else is a plain string without quotes.
fn value_of(text: String) -> toml::Value {
    let parsed = format!("value = {text}").parse::<toml::Table>().ok();
    let value = parsed.and_then(|mut table| {
        if table.len() == 1 {
            table.remove("value")
        } else {
            None
        }
    });
    value.unwrap_or(toml::Value::String(text))
}
