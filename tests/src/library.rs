//! The libraries that programs are run on.
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A directory with a `libcurl.so.4`, or the loader's own search path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Library {
    /// What messages call it.
    pub name: &'static str,
    /// What `LD_LIBRARY_PATH` is set to; `None` leaves the system's library in place.
    pub dir: Option<PathBuf>,
}

impl Library {
    /// The library under test.
    pub fn under_test() -> &'static Library {
        static CHOSEN: OnceLock<Library> = OnceLock::new();
        CHOSEN.get_or_init(|| match std::env::var("TRESS_LIB").as_deref() {
            Err(_) | Ok("") => Library { name: "tress", dir: Some(dist()) },
            Ok("system") => Library::system(),
            Ok("reference") => Library::reference(),
            Ok(dir) => Library { name: "tress", dir: Some(PathBuf::from(dir)) },
        })
    }

    /// libcurl 8.22 of the crate `curl-sys`, HTTP and files only, without TLS.
    pub fn reference() -> Library {
        Library { name: "reference", dir: Some(PathBuf::from(env!("TRESS_REFERENCE_DIR"))) }
    }

    /// The distribution's libcurl.
    pub fn system() -> Library {
        Library { name: "system", dir: None }
    }

    /// True when the tests run on libcurl itself, to show that they can pass.
    pub fn is_libcurl(&self) -> bool {
        self.name != "tress"
    }

    /// The path that the loader must have taken for this SONAME.
    pub fn path_of(&self, soname: &str) -> PathBuf {
        match &self.dir {
            Some(dir) => dir.join(soname),
            None => PathBuf::from("/usr/lib/x86_64-linux-gnu").join(soname),
        }
    }
}

/// True when AddressSanitizer watches the library under test (`cargo xtask sanitize address`): then C
/// programs are built for it too, and others get its runtime.
pub fn is_sanitized() -> bool {
    std::env::var_os("TRESS_SANITIZED").is_some()
}

/// AddressSanitizer's runtime, the C compiler's.
pub fn sanitizer() -> PathBuf {
    let out = Command::new("cc").arg("-print-file-name=libasan.so").output().expect("cc runs");
    PathBuf::from(String::from_utf8_lossy(&out.stdout).trim())
}

/// Cargo's target directory.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => crate::workspace().join("target"),
    }
}

/// `target/dist/lib`, built first when it is not there.
fn dist() -> PathBuf {
    let lib = target().join("dist/lib");
    if !lib.join("libcurl.so.4").exists() {
        let status = Command::new("cargo")
            .args(["run", "--quiet", "--package", "xtask", "--", "dist", "--profile", "quick"])
            .current_dir(crate::workspace())
            .status();
        assert!(status.is_ok_and(|s| s.success()), "`cargo xtask dist --profile quick` failed");
    }
    assert!(Path::new(&lib).join("libcurl.so.4").exists(), "no libcurl.so.4 in {}", lib.display());
    lib
}
