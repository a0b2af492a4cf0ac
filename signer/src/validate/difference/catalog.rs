//! Trailer, catalog and page tree.

use super::{Finding, Walk, keys, shown};
use crate::error::{Error, Result};
use crate::limits;
use crate::pdf::object::{Dictionary, Object, Reference};
use crate::pdf::reader::Place;

impl Walk<'_> {
    pub(super) fn trailer(&mut self) -> Result<()> {
        let (old, new) = (self.old.trailer().clone(), self.new.trailer().clone());
        let (old_root, new_root) = (old.reference("Root"), new.reference("Root"));
        super::field::no_duplicates(&new, "the trailer")?;
        if let Some(root) = new_root.filter(|_| old_root != new_root) {
            // The catalog is compared whatever its name is; one that waited in the file is how shadows are lifted.
            if self.old.place(root) == Place::Nowhere {
                self.evidence("/Root");
            } else {
                self.disallow("the trailer's /Root names another object that was there before");
            }
        }
        let (old_encryption, new_encryption) = self.values(&old, &new, b"Encrypt");
        self.require_same(old_encryption, new_encryption, "the trailer's /Encrypt");
        let own: [&[u8]; 13] = [
            b"Root",
            b"Encrypt",
            b"Info",
            b"ID",
            b"Size",
            b"Prev",
            b"XRefStm",
            b"Type",
            b"W",
            b"Index",
            b"Length",
            b"Filter",
            b"DecodeParms",
        ];
        for key in keys(&old, &new).into_iter().filter(|key| !own.contains(key)) {
            // A private key shows nothing; what it names is judged wherever else it is used.
            let (old, new) = self.values(&old, &new, key);
            if self.is_same(&old, &new)? {
                self.require_same(old, new, format!("the trailer's {}", shown(key)));
            } else {
                self.evidence(&format!("the trailer's {}", shown(key)));
                self.explain(&old)?;
            }
        }
        let (old_information, new_information) = self.values(&old, &new, b"Info");
        self.looked_at(&old_information);
        if self.is_same(&old_information, &new_information)? {
            return Ok(());
        }
        match self.new.resolve(&new_information)? {
            Object::Dictionary(information) if self.is_plain(&information)? => self.evidence("/Info"),
            Object::Null => self.evidence("/Info"),
            _ => self.disallow("/Info is no plain dictionary"),
        }
        Ok(())
    }

    /// Whether a dictionary holds text, names and numbers alone.
    fn is_plain(&self, dictionary: &Dictionary) -> Result<bool> {
        for (_, value) in dictionary.iter() {
            if matches!(
                self.new.resolve(value)?,
                Object::Array(_) | Object::Dictionary(_) | Object::Stream(_)
            ) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn catalog(&mut self) -> Result<()> {
        let ((old_reference, old), (new_reference, new)) = (self.old.catalog()?, self.new.catalog()?);
        super::field::no_duplicates(&new, "Catalog")?;
        if old_reference == new_reference {
            self.judged.insert(old_reference);
        }
        self.looked_at(&Object::Reference(old_reference));
        for key in ["AcroForm", "DSS"] {
            self.judged.extend(old.reference(key));
        }
        if let Some(metadata) = old.get("Metadata") {
            self.looked_at(metadata);
        }
        self.pages(&old, &new)?;
        self.structure_tree(&old, &new)?;
        for key in keys(&old, &new) {
            let (before, after) = self.values(&old, &new, key);
            match key {
                b"Pages" | b"StructTreeRoot" => {}
                b"AcroForm" => self.form(&before, &after)?,
                b"DSS" => self.security_store(&before, &after)?,
                b"Version" | b"Extensions" | b"MarkInfo" => self.declaration(key, &before, &after)?,
                b"Metadata" => self.metadata(&before, &after)?,
                b"OutputIntents" => self.output_intents(&before, &after)?,
                _ => self.require_same(before, after, format!("the catalog's {}", shown(key))),
            }
        }
        Ok(())
    }

    /// What only says which kind of file this is.
    fn declaration(&mut self, key: &[u8], old: &Object, new: &Object) -> Result<()> {
        if self.is_same(old, new)? {
            return Ok(());
        }
        let fits = match self.new.resolve(new)? {
            Object::Name(_) => key == b"Version",
            Object::Dictionary(_) => key != b"Version",
            _ => false,
        };
        if fits {
            self.evidence(&shown(key));
        } else {
            self.disallow(format!("the catalog's {}", shown(key)));
        }
        Ok(())
    }

    fn metadata(&mut self, old: &Object, new: &Object) -> Result<()> {
        if self.is_same(old, new)? {
            return Ok(());
        }
        let readable = match self.new.resolve(new)? {
            Object::Stream(stream) => {
                stream.dictionary.name("Type") == Some(b"Metadata")
                    && self.new.decode(&stream).is_ok_and(|bytes| is_well_formed(&bytes))
            }
            _ => false,
        };
        if readable {
            self.evidence("/Metadata");
        } else {
            self.disallow("/Metadata is no well-formed XMP");
        }
        Ok(())
    }

    fn pages(&mut self, old: &Dictionary, new: &Dictionary) -> Result<()> {
        let (Some(old), Some(new)) = (old.reference("Pages"), new.reference("Pages")) else {
            return Err(Error::malformed("PDF", "no page tree"));
        };
        let mut count = 0;
        self.page_node(old, new, None, 0, &mut count)
    }

    fn page_node(
        &mut self,
        old: Reference,
        new: Reference,
        parent: Option<Reference>,
        depth: usize,
        count: &mut usize,
    ) -> Result<()> {
        *count += 1;
        if depth > limits::TREE_DEPTH || *count > limits::PAGES || (old == new && self.judged.contains(&old))
        {
            return Err(Error::malformed("PDF", "the page tree loops or is too large"));
        }
        if old != new {
            self.disallow("a page was replaced");
            return Ok(());
        }
        self.judged.insert(old);
        let (before, after) = (self.old.object(old)?, self.new.object(new)?);
        let (Some(before), Some(after)) = (before.object.as_dictionary(), after.object.as_dictionary())
        else {
            return Err(Error::malformed("PDF", "a page is no dictionary"));
        };
        super::field::no_duplicates(after, "a page")?;
        if after.reference("Parent") != parent {
            self.disallow("a page's /Parent changed");
        }
        let (old_kids, new_kids) = (self.old.value(before, "Kids")?, self.new.value(after, "Kids")?);
        if let (Object::Array(old_kids), Object::Array(new_kids)) = (&old_kids, &new_kids) {
            if old_kids.len() != new_kids.len() {
                self.disallow("pages were added or removed");
                return Ok(());
            }
            for (before, after) in old_kids.iter().zip(new_kids) {
                let (Some(before), Some(after)) = (before.as_reference(), after.as_reference()) else {
                    return Err(Error::malformed("PDF", "a page is no reference"));
                };
                self.page_node(before, after, Some(old), depth + 1, count)?;
            }
            self.require_same_but(before, after, &[b"Kids", b"Parent"], "the page tree's");
            return Ok(());
        }
        let label = format!("page {old}");
        self.require_same_but(before, after, &[b"Annots", b"Parent", b"Tabs", b"Kids"], &label);
        self.require_same(old_kids, new_kids, "the page tree's /Kids");
        self.tab_order(before, after, &label)?;
        self.annotations(before, after, &label)
    }

    /// `/Tabs` may be added with the first field of a page; by itself it belongs to the annotations.
    fn tab_order(&mut self, old: &Dictionary, new: &Dictionary, label: &str) -> Result<()> {
        let (before, after) = self.values(old, new, b"Tabs");
        if self.is_same(&before, &after)? {
            return Ok(());
        }
        let grows = self.list(new, false)?.len() > self.list(old, true)?.len();
        match after {
            Object::Name(_) if before.is_null() && grows => {}
            Object::Name(_) => {
                let what = format!("the tab order of {label}");
                self.findings.push(Finding::Annotation(what));
            }
            _ => self.disallow(format!("{label} /Tabs changed")),
        }
        Ok(())
    }
}

/// Whether every element of an XML text is closed in order; enough to know that no reader will guess.
fn is_well_formed(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let mut open: Vec<&str> = Vec::new();
    let mut elements = 0;
    let mut rest = text.trim_start_matches('\u{FEFF}');
    while let Some(start) = rest.find('<') {
        let tail = &rest[start..];
        let end = match tail {
            _ if tail.starts_with("<!--") => tail.find("-->").map(|end| end + 3),
            _ if tail.starts_with("<![CDATA[") => tail.find("]]>").map(|end| end + 3),
            _ if tail.starts_with("<?") => tail.find("?>").map(|end| end + 2),
            _ => tail.find('>').map(|end| end + 1),
        };
        let Some(end) = end else { return false };
        let inner = &tail[1..end - 1];
        rest = &tail[end..];
        if inner.starts_with(['?', '!']) {
            continue;
        }
        let name = inner
            .trim_start_matches('/')
            .split(|c: char| c.is_whitespace() || c == '/')
            .next();
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            return false;
        };
        elements += 1;
        if inner.starts_with('/') {
            if open.pop() != Some(name) {
                return false;
            }
        } else if !inner.ends_with('/') {
            open.push(name);
        }
    }
    open.is_empty() && elements > 0
}

#[cfg(test)]
mod tests {
    use super::is_well_formed;

    #[test]
    fn tells_well_formed_metadata() {
        assert!(is_well_formed(
            b"<?xpacket begin=''?><x:a><b c='1'/><!-- <z> --></x:a><?xpacket end='w'?>"
        ));
        for bad in [&b"<a><b></a></b>"[..], b"<a>", b"plain", b"<a", b"\xFF<a/>"] {
            assert!(!is_well_formed(bad));
        }
    }
}
