//! The document security store as an incremental update (EN 319 142-1, 5.4.2): what it holds stays, what is new comes.

use ::time::OffsetDateTime;
use ::time::macros::format_description;
use lopdf::{Dictionary, Object, ObjectId, Stream, dictionary};

use super::source::Kept;
use super::{Collected, Material};
use crate::error::{Error, Result};
use crate::pdf::object::Reference;
use crate::pdf::writer::Update;

impl Collected {
    /// Validation data of each signature, by its key in `/VRI`.
    pub fn materials(&self) -> impl Iterator<Item = (&str, &Material)> {
        self.subjects
            .iter()
            .map(|(key, material)| (key.as_str(), material))
    }

    /// The bytes to be appended to the document that was read. Values that the store holds already are named again, not
    /// written again.
    ///
    /// # Errors
    /// Malformed or damaged documents; a wrong password is *refused*.
    pub fn update(&self, document: &[u8], password: Option<&str>) -> Result<Vec<u8>> {
        let mut update = Update::open(document, password)?;
        let mut store = Store::open(&update, &self.kept)?;
        for (key, material) in &self.subjects {
            store.add(&mut update, key, material, self.now)?;
        }
        store.write(&mut update)?;
        Ok(update.finish()?.bytes)
    }
}

/// The store while it grows.
struct Store {
    /// Its own object, where it has one.
    id: Option<ObjectId>,
    entries: Dictionary,
    information: Dictionary,
    lists: [List; 3],
}

/// One of `/Certs`, `/OCSPs`, `/CRLs`.
struct List {
    key: &'static str,
    information_key: &'static str,
    items: Vec<Object>,
    known: Vec<(ObjectId, Vec<u8>)>,
}

impl Store {
    fn open(update: &Update, kept: &Kept) -> Result<Self> {
        let root = update.dictionary(update.root()?)?;
        let entries = update
            .value(root, b"DSS")
            .as_dict()
            .cloned()
            .unwrap_or_else(|_| dictionary! { "Type" => "DSS" });
        let list = |key: &'static str, information_key, known: &[(Reference, Vec<u8>)]| List {
            key,
            information_key,
            items: update
                .value(&entries, key.as_bytes())
                .as_array()
                .cloned()
                .unwrap_or_default(),
            known: known
                .iter()
                .map(|(reference, der)| ((reference.number, reference.generation), der.clone()))
                .collect(),
        };
        let lists = [
            list("Certs", "Cert", &kept.certificates),
            list("OCSPs", "OCSP", &kept.responses),
            list("CRLs", "CRL", &kept.lists),
        ];
        Ok(Self {
            id: root.get(b"DSS").and_then(Object::as_reference).ok(),
            information: update
                .value(&entries, b"VRI")
                .as_dict()
                .cloned()
                .unwrap_or_default(),
            entries,
            lists,
        })
    }

    fn add(
        &mut self,
        update: &mut Update,
        key: &str,
        material: &Material,
        now: OffsetDateTime,
    ) -> Result<()> {
        let mut information = dictionary! { "Type" => "VRI" };
        let parts = [
            &material.certificates,
            &material.ocsp_responses,
            &material.revocation_lists,
        ];
        for (list, ders) in self.lists.iter_mut().zip(parts) {
            let mut named = Vec::new();
            for der in ders {
                named.push(Object::Reference(list.name(update, der)?));
            }
            if !named.is_empty() {
                information.set(list.information_key, named);
            }
        }
        information.set("TU", Object::string_literal(date(now)?));
        // An entry that stands stays as it is: verifiers that compare revisions take a new one for an attack, and look into
        // the lists for what came since. For them it is an object of its own, too: some compare what an encrypted file
        // holds directly before it is deciphered.
        if !self.information.has(key.as_bytes()) {
            let id = update.add(information);
            self.information.set(key, id);
        }
        Ok(())
    }

    fn write(mut self, update: &mut Update) -> Result<()> {
        for list in self.lists {
            if !list.items.is_empty() {
                self.entries.set(list.key, list.items);
            }
        }
        self.entries.set("VRI", self.information);
        match self.id {
            Some(id) => *update.edit(id)? = self.entries,
            None => {
                let id = update.add(self.entries);
                let root = update.root()?;
                update.edit(root)?.set("DSS", id);
            }
        }
        declare(update)
    }
}

impl List {
    /// The stream that holds `der`, made where there is none.
    fn name(&mut self, update: &mut Update, der: &[u8]) -> Result<ObjectId> {
        if let Some((id, _)) = self.known.iter().find(|(_, known)| known == der) {
            return Ok(*id);
        }
        let mut stream = Stream::new(Dictionary::new(), der.to_vec());
        stream
            .compress()
            .map_err(|e| Error::misuse("validation data", e.to_string()))?;
        let id = update.add(stream);
        self.items.push(id.into());
        self.known.push((id, der.to_vec()));
        Ok(id)
    }
}

/// Says in the catalogue that the file uses ETSI's extension of PDF 1.7 (EN 319 142-1, 5.6).
fn declare(update: &mut Update) -> Result<()> {
    let root = update.root()?;
    let catalogue = update.dictionary(root)?;
    let mut extensions = update
        .value(catalogue, b"Extensions")
        .as_dict()
        .cloned()
        .unwrap_or_default();
    if extensions.has(b"ESIC") {
        return Ok(());
    }
    extensions.set(
        "ESIC",
        dictionary! { "BaseVersion" => "1.7", "ExtensionLevel" => 1 },
    );
    update.edit(root)?.set("Extensions", extensions);
    Ok(())
}

/// A date string in UTC (ISO 32000-2, 7.9.4).
fn date(moment: OffsetDateTime) -> Result<String> {
    let format = format_description!("D:[year][month][day][hour][minute][second]Z");
    moment
        .to_offset(::time::UtcOffset::UTC)
        .format(format)
        .map_err(|e| Error::misuse("time", e.to_string()))
}
