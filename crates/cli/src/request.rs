//! What is sent: the transfer that the options describe.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tress::options::{IpResolve, NetrcMode};
use tress::{Auth, DebugKind, Easy, Form, HttpVersion, Share};

use crate::args::{Authentication, Fetch, Request, Version, Way};

/// What the requests have in common, read once for all of them.
pub struct Sending {
    body: Body,
    /// Cookies of `--cookie-file`.
    share: Option<Share>,
}

enum Body {
    Nothing,
    /// The joined `--data`.
    Data(Vec<u8>),
    Form(Form),
    /// Each request reads the file as it goes.
    File(PathBuf),
}

impl Sending {
    /// Reads what the options name.
    pub fn new(request: &Request) -> Result<Self, String> {
        let share = request.cookie_file.as_deref().map(cookies).transpose()?;
        Ok(Self { body: Body::new(request)?, share })
    }

    /// The transfer for one URL.
    pub fn easy(&self, url: &str, args: &Fetch) -> io::Result<Easy> {
        let mut easy = match &self.body {
            Body::Nothing if args.request.head => Easy::head(url),
            Body::Nothing => Easy::get(url),
            Body::Data(body) => Easy::post(url, body.clone()),
            Body::Form(form) => Easy::post_form(url, form.clone()),
            Body::File(path) => upload(url, path)?,
        };
        if let Some(share) = &self.share {
            easy = easy.share(share);
        }
        if args.reporting.verbose {
            easy = easy.on_debug(tell);
        }
        Ok(limited(by_way(described(easy, &args.request), &args.way), args))
    }

    /// All is done: the cookies are written back.
    pub fn save(&self, request: &Request) -> Result<(), String> {
        let (Some(share), Some(file)) = (&self.share, &request.cookie_file) else { return Ok(()) };
        fs::write(file, share.cookies()).map_err(|error| format!("{}: {error}", file.display()))
    }
}

impl Body {
    fn new(request: &Request) -> Result<Self, String> {
        if let Some(file) = &request.upload {
            return Ok(Self::File(file.clone()));
        }
        if !request.fields.is_empty() {
            let add = |form: Form, (name, value): &(String, String)| match value.strip_prefix('@') {
                Some(file) => form.file(name, file),
                None => form.text(name, value),
            };
            return Ok(Self::Form(request.fields.iter().fold(Form::new(), add)));
        }
        if request.data.is_empty() {
            return Ok(Self::Nothing);
        }
        let pieces: Result<Vec<_>, _> = request.data.iter().map(|data| piece(data)).collect();
        Ok(Self::Data(pieces?.join(&b'&')))
    }
}

/// What one `--data` says.
fn piece(data: &str) -> Result<Vec<u8>, String> {
    let Some(file) = data.strip_prefix('@') else { return Ok(data.as_bytes().to_vec()) };
    let mut bytes = Vec::new();
    match file {
        "-" => io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes),
        file => fs::read(file),
    }
    .map_err(|error| format!("{file}: {error}"))
}

/// The cookies of a file, if it is there.
fn cookies(file: &Path) -> Result<Share, String> {
    let share = Share::new().with_cookies();
    match fs::read(file) {
        Ok(text) => share.load_cookies(&text),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(format!("{}: {error}", file.display())),
    }
    Ok(share)
}

/// `--verbose`: heads and remarks.
fn tell(kind: DebugKind, bytes: &[u8]) {
    let mark = match kind {
        DebugKind::Text => '*',
        DebugKind::HeaderIn => '<',
        DebugKind::HeaderOut => '>',
        _ => return,
    };
    for line in String::from_utf8_lossy(bytes).lines() {
        eprintln!("{mark} {line}");
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
    if request.netrc {
        easy = easy.set(|options| options.auth_mut().netrc = NetrcMode::Optional);
    }
    easy = match request.auth {
        Authentication::Basic => easy,
        Authentication::Digest => easy.auth(Auth::DIGEST),
        Authentication::Ntlm => easy.auth(Auth::NTLM),
        Authentication::Negotiate => easy.auth(Auth::NEGOTIATE),
        Authentication::Any => easy.auth(Auth::BASIC | Auth::DIGEST | Auth::NTLM | Auth::NEGOTIATE),
    };
    if !request.cookies.is_empty() {
        easy = easy.cookie(&request.cookies.join("; "));
    }
    if request.compressed { easy.accept_compressed() } else { easy }
}

fn by_way(mut easy: Easy, way: &Way) -> Easy {
    if let Some(version) = way.http_version {
        easy = easy.http_version(match version {
            Version::V1_0 => HttpVersion::V1_0,
            Version::V1_1 => HttpVersion::V1_1,
            Version::V2 => HttpVersion::V2,
            Version::V2AtOnce => HttpVersion::V2PriorKnowledge,
        });
    }
    if let Some(proxy) = &way.proxy {
        easy = easy.proxy(proxy);
    }
    if let Some(user) = &way.proxy_user {
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        easy = easy.proxy_credentials(user, password);
    }
    for (host, port, address) in &way.resolve {
        easy = easy.resolve(host, *port, *address);
    }
    for (wanted, family) in [(way.ipv4, IpResolve::V4), (way.ipv6, IpResolve::V6)] {
        if wanted {
            easy = easy.set(|options| options.connect_mut().ipresolve = family);
        }
    }
    if let Some(name) = &way.interface {
        easy = easy.interface(name);
    }
    if let Some(path) = &way.unix_socket {
        easy = easy.unix_socket(path);
    }
    if let Some(file) = &way.cacert {
        easy = easy.ca_file(file);
    }
    if let Some(cert) = &way.cert {
        easy = easy.client_certificate(cert, way.key.as_ref().unwrap_or(cert));
    }
    if way.insecure { easy.insecure() } else { easy }
}

fn limited(easy: Easy, args: &Fetch) -> Easy {
    let limits = &args.limits;
    easy.timeout(limits.max_time)
        .connect_timeout(limits.connect_timeout)
        .min_speed(1, limits.stall)
        .max_size(limits.max_size)
        .max_receive_speed(limits.limit_rate)
        .set(|options| options.filetime = args.output.remote_time)
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
