//! The closed world of a template: its siblings, the paper's data, four faces. Everything else does not exist.

use std::sync::LazyLock;

use hoian_signer::appearance::font;
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt as _, World};

use super::Error;

/// Our templates, by the path under which they import each other.
const TEMPLATES: [(&str, &str); 8] = [
    ("/official.typ", include_str!("templates/official.typ")),
    ("/page.typ", include_str!("templates/page.typ")),
    ("/blank.typ", include_str!("templates/blank.typ")),
    ("/head.typ", include_str!("templates/head.typ")),
    ("/content.typ", include_str!("templates/content.typ")),
    ("/foot.typ", include_str!("templates/foot.typ")),
    ("/register.typ", include_str!("templates/register.typ")),
    ("/statement.typ", include_str!("templates/statement.typ")),
];
const DATA: &str = "/paper.json";

/// What the templates share; made once, since reading the fonts takes some milliseconds.
struct Shelf {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
}

static SHELF: LazyLock<Shelf> = LazyLock::new(|| {
    let faces = [font::REGULAR, font::BOLD, font::ITALIC, font::BOLD_ITALIC];
    let fonts: Vec<Font> = faces
        .into_iter()
        .flat_map(|face| Font::iter(Bytes::new(face)))
        .collect();
    Shelf {
        library: LazyHash::new(Library::default()),
        book: LazyHash::new(FontBook::from_fonts(&fonts)),
        fonts,
    }
});

/// A template and the data it sets.
pub(super) struct ClosedWorld {
    main: FileId,
    data: Bytes,
}

impl ClosedWorld {
    /// The world in which `template` (a path of [`TEMPLATES`]) reads `data`, a JSON file.
    pub(super) fn new(template: &str, data: Vec<u8>) -> Result<Self, Error> {
        let path =
            VirtualPath::new(template).map_err(|_| Error::Template(format!("no template {template}")))?;
        let main = RootedPath::new(VirtualRoot::Project, path).intern();
        Ok(Self {
            main,
            data: Bytes::new(data),
        })
    }
}

impl World for ClosedWorld {
    fn library(&self) -> &LazyHash<Library> {
        &SHELF.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &SHELF.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        template(id)
            .map(|text| Source::new(id, text.to_owned()))
            .ok_or(FileError::AccessDenied)
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let is_data = *id.get().root() == VirtualRoot::Project && id.get().vpath().get_with_slash() == DATA;
        if is_data {
            Ok(self.data.clone())
        } else {
            Err(FileError::AccessDenied)
        }
    }

    fn font(&self, index: usize) -> Option<Font> {
        SHELF.fonts.get(index).cloned()
    }

    /// A paper's date is data, never the moment of typesetting.
    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn template(id: FileId) -> Option<&'static str> {
    let path = id.get();
    if *path.root() != VirtualRoot::Project {
        return None;
    }
    let wanted = path.vpath().get_with_slash();
    TEMPLATES
        .iter()
        .find(|(name, _)| *name == wanted)
        .map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(root: VirtualRoot, path: &str) -> FileId {
        RootedPath::new(root, VirtualPath::new(path).unwrap()).intern()
    }

    #[test]
    fn nothing_exists_but_templates_and_data() {
        let world = ClosedWorld::new("/official.typ", b"{}".to_vec()).unwrap();
        let package = VirtualRoot::Package("@preview/cetz:0.3.0".parse().unwrap());
        assert!(world.source(id(VirtualRoot::Project, "/head.typ")).is_ok());
        assert!(world.file(id(VirtualRoot::Project, DATA)).is_ok());
        for path in ["/etc/passwd", "/server.secret", "/templates/official.typ"] {
            assert!(world.source(id(VirtualRoot::Project, path)).is_err(), "{path}");
            assert!(world.file(id(VirtualRoot::Project, path)).is_err(), "{path}");
        }
        assert!(world.source(id(package.clone(), "/head.typ")).is_err());
        assert!(world.file(id(package, DATA)).is_err());
        assert!(VirtualPath::new("../../etc/passwd").is_err());
        assert!(world.today(None).is_none());
    }
}
