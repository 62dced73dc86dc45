use tress_model::{Code, Error, Result};

/// How deep a path may be.
pub const MAX_DIRECTORIES: usize = 1000;

/// `CURLOPT_FTP_FILEMETHOD`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileMethod {
    /// One CWD for each directory.
    #[default]
    MultiCwd,
    /// No CWD: the whole path in the command.
    NoCwd,
    /// One CWD for all directories.
    SingleCwd,
}

/// A path in its parts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Path {
    /// The arguments for CWD.
    pub directories: Vec<Vec<u8>>,
    /// The file; none for a listing.
    pub file: Option<Vec<u8>>,
    /// The directory that the path ends up in, to know it again.
    pub directory: Vec<u8>,
}

impl Path {
    pub fn parse(path: &[u8], method: FileMethod) -> Result<Self> {
        let last_slash = path.iter().rposition(|&byte| byte == b'/');
        let (parent, file) = match last_slash {
            Some(at) => {
                let (parent, file) = path.split_at(at);
                (parent, file.get(1..).unwrap_or_default())
            }
            None => (&b""[..], path),
        };
        let root = [b"/".to_vec()];
        let (directories, file) = match method {
            FileMethod::NoCwd if path.last() == Some(&b'/') => (Vec::new(), &b""[..]),
            FileMethod::NoCwd => (Vec::new(), path),
            FileMethod::SingleCwd if last_slash == Some(0) => (root.to_vec(), file),
            FileMethod::SingleCwd if last_slash.is_some() => (vec![parent.to_vec()], file),
            FileMethod::SingleCwd => (Vec::new(), file),
            FileMethod::MultiCwd => (components(path, parent, last_slash.is_some())?, file),
        };
        let directory_len = if method == FileMethod::NoCwd { 0 } else { path.len() - file.len() };
        Ok(Self {
            directories,
            file: (!file.is_empty()).then(|| file.to_vec()),
            directory: path.get(..directory_len).unwrap_or_default().to_vec(),
        })
    }
}

fn components(path: &[u8], parent: &[u8], any: bool) -> Result<Vec<Vec<u8>>> {
    if path.iter().filter(|&&byte| byte == b'/').count() >= MAX_DIRECTORIES {
        return Err(Error::from(Code::UrlMalformat));
    }
    let mut directories = Vec::new();
    if !any {
        return Ok(directories);
    }
    for component in parent.split(|&byte| byte == b'/') {
        // Empty ones have no meaning, but for the root.
        match component {
            b"" if directories.is_empty() => directories.push(b"/".to_vec()),
            b"" => {}
            name => directories.push(name.to_vec()),
        }
    }
    Ok(directories)
}
