//! Bodies of parts, made of what an application passes on from others: names, types, headers.

use std::sync::Arc;

use tress_model::Code;
use tress_model::mime::{
    Body, BodyReader, Content, Encoder, Mime, Part, Prepare, SourceId, Wants, base_name,
};

/// What every source gives at most.
const SOURCE: usize = 300;

pub fn run(data: &[u8]) {
    let Some((&[flags, room], text)) = data.split_first_chunk::<2>() else { return };
    let mut fields = text.split(|&b| b == 0xff);
    let content = Content::Multipart(parts(&mut fields, 0));
    let part = Part { content, ..Part::default() };
    let how = Prepare {
        mail: flags & 1 != 0,
        form_escape: flags & 2 != 0,
        content_type: Some(b"multipart/form-data"),
        body_only: flags & 4 != 0,
        extra_headers: &[b"Mime-Version: 1.0"],
    };
    let Ok(body) = part.prepare(&how) else { return };
    let body = Arc::new(body);
    let whole = read(&body, usize::MAX, SOURCE);
    // In whatever pieces it is read, it is the same body, of the size that was told.
    assert_eq!(whole, read(&body, usize::from(room).max(1), usize::from(flags >> 3) + 1));
    if let (Ok(bytes), Some(size)) = (whole, body.size()) {
        assert_eq!(bytes.len() as u64, size);
    }
}

/// Parts, of five fields each; one of a kind opens a multipart, another closes it.
fn parts<'a>(fields: &mut impl Iterator<Item = &'a [u8]>, depth: usize) -> Mime {
    let mut mime = Mime::new(b"0123456789abcdefghijkl");
    while let Some(kind) = fields.next() {
        let kind = kind.first().copied().unwrap_or(0);
        if kind & 15 == 15 {
            break;
        }
        let mut text = |bit: u8| {
            let field = fields.next().filter(|_| kind & bit != 0)?;
            // A C string.
            Some(Box::from(field.split(|&b| b == 0).next().unwrap_or_default()))
        };
        let (name, filename, content_type) = (text(16), text(32), text(64));
        let header: Option<Box<[u8]>> = text(128);
        let bytes = fields.next().unwrap_or_default();
        let content = match kind & 7 {
            0 => Content::None,
            1 => Content::Callback { source: SourceId(1), size: None },
            2 => Content::Callback {
                source: SourceId(2),
                size: Some(bytes.len().min(SOURCE) as u64),
            },
            3 => Content::File { path: base_name(bytes).into(), source: SourceId(3), size: None },
            4 if depth < 50 => Content::Multipart(parts(fields, depth + 1)),
            _ => Content::Data(bytes.into()),
        };
        let encoder = Encoder::from_name(bytes.split(|&b| b == b' ').next().unwrap_or_default());
        let headers = header.into_iter().collect();
        mime.parts.push(Part { name, filename, content_type, headers, encoder, content });
    }
    mime
}

/// All that a reader gives in steps of `room`, from sources that give `step` bytes at a time.
fn read(body: &Arc<Body>, room: usize, step: usize) -> Result<Vec<u8>, Code> {
    let mut reader = BodyReader::new(body.clone());
    let (mut out, mut given) = (Vec::new(), 0);
    loop {
        match reader.write(&mut out, room)? {
            Wants::Nothing => return Ok(out),
            Wants::Room => {}
            Wants::Source(_) => {
                // One of a size that was told is asked for all of it, another one until it ends.
                let count = match reader.source_left() {
                    Some(left) => step.min(usize::try_from(left).unwrap_or(usize::MAX)),
                    None => {
                        let count = step.min(SOURCE - given);
                        given = if count == 0 { 0 } else { given + count };
                        count
                    }
                };
                reader.supply(&vec![b'='; count], &mut out)?;
            }
        }
    }
}
