//! What is sent: the transfer that the options describe.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tress::Easy;

use crate::args::{Fetch, Request};

/// The body of the requests, read once for all of them.
pub enum Sending {
    Nothing,
    /// The joined `--data`.
    Data(Vec<u8>),
    /// Each request reads the file as it goes.
    File(PathBuf),
}

impl Sending {
    /// Reads what `--data` names.
    pub fn new(request: &Request) -> Result<Self, String> {
        if let Some(file) = &request.upload {
            return Ok(Self::File(file.clone()));
        }
        if request.data.is_empty() {
            return Ok(Self::Nothing);
        }
        let mut body = Vec::new();
        for (number, data) in request.data.iter().enumerate() {
            if number > 0 {
                body.push(b'&');
            }
            match data.strip_prefix('@') {
                Some(file) => {
                    body.extend(fs::read(file).map_err(|error| format!("{file}: {error}"))?);
                }
                None => body.extend_from_slice(data.as_bytes()),
            }
        }
        Ok(Self::Data(body))
    }

    /// The transfer for one URL.
    pub fn easy(&self, url: &str, args: &Fetch) -> io::Result<Easy> {
        let easy = match self {
            Self::Nothing if args.request.head => Easy::head(url),
            Self::Nothing => Easy::get(url),
            Self::Data(body) => Easy::post(url, body.clone()),
            Self::File(path) => upload(url, path)?,
        };
        Ok(limited(described(easy, &args.request), args))
    }
}

fn described(easy: Easy, request: &Request) -> Easy {
    let mut easy =
        easy.user_agent(&request.user_agent).redirects(request.redirects).fail_on_error();
    if let Some(method) = &request.method {
        easy = easy.method(method);
    }
    for (name, value) in &request.headers {
        easy = match value.as_str() {
            "" => easy.without_header(name),
            value => easy.header(name, value),
        };
    }
    if let Some(user) = &request.user {
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        easy = easy.credentials(user, password);
    }
    if request.compressed {
        easy = easy.accept_compressed();
    }
    if let Some(proxy) = &request.proxy {
        easy = easy.proxy(proxy);
    }
    if let Some(file) = &request.cacert {
        easy = easy.ca_file(file);
    }
    if request.insecure { easy.insecure() } else { easy }
}

fn limited(easy: Easy, args: &Fetch) -> Easy {
    let limits = &args.limits;
    easy.timeout(limits.max_time)
        .connect_timeout(limits.connect_timeout)
        .min_speed(1, limits.stall)
        .max_size(limits.max_size)
        .max_receive_speed(limits.limit_rate)
}

fn upload(url: &str, path: &PathBuf) -> io::Result<Easy> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(named)?;
    let about = file.metadata().map_err(named)?;
    let length = about.is_file().then_some(about.len());
    let file = Arc::new(Mutex::new(file));
    let reading = file.clone();
    let read =
        move |room: &mut [u8]| reading.lock().unwrap_or_else(PoisonError::into_inner).read(room);
    let seek = move |to: u64| {
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(to)).map(|_| ())
    };
    Ok(Easy::upload(url, length, read).on_seek(seek))
}
