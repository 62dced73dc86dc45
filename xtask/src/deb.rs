//! `cargo xtask deb`: Debian packages of what `dist` made.
//!
//! The libraries stand in directories of their own, which come first in the loader's search path
//! by a file in `/etc/ld.so.conf.d`: no file of the system's libcurl is touched, programs find
//! Tress as soon as the package is there, and find libcurl again when it is gone.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::dist::{DOCUMENTS, FLAVOURS, Flavour};
use crate::release::{self, Layout};
use crate::tables::features::VERSION;
use crate::{Result, dist, root, run};

/// What a `control` file tells of a package, apart from its name and version.
struct Control<'a> {
    section: &'a str,
    multi_arch: &'a str,
    depends: String,
    /// Further fields, each a whole line.
    fields: &'a [&'a str],
    /// One line, then a paragraph.
    description: [&'a str; 2],
}

/// The machine that packages are made for, as Debian and the compiler call it.
struct Machine {
    architecture: String,
    multiarch: String,
}

/// Makes the packages in `target/deb`, out of `target/dist` as it is when `built`; the way there.
pub fn deb(profile: &str, built: bool) -> Result<PathBuf> {
    let dist = if built { root().join("target/dist") } else { dist::dist(profile, false)? };
    let out = root().join("target/deb");
    let _ = fs::remove_dir_all(&out);
    let machine = Machine::here()?;
    let libraries = [("libcurl4-tress", "libcurl4"), ("libcurl3-gnutls-tress", "libcurl3-gnutls")];
    for (flavour, (name, stands_for)) in FLAVOURS.iter().zip(libraries) {
        library(&dist, &out, &machine, flavour, name, stands_for)?;
    }
    development(&dist, &out, &machine)?;
    command(&dist, &out, &machine)?;
    Ok(out)
}

/// A flavour of the shared library, and the line that puts it first.
fn library(
    dist: &Path,
    out: &Path,
    machine: &Machine,
    flavour: &Flavour,
    name: &str,
    stands_for: &str,
) -> Result<()> {
    let tree = Tree::new(out, name)?;
    let place = machine.place_of(name);
    tree.copy(&dist.join("lib").join(flavour.file), &format!("{place}/{}", flavour.file))?;
    let first = format!("etc/ld.so.conf.d/00-{name}-{}.conf", machine.multiarch);
    tree.write(&first, &format!("/{place}\n"))?;
    tree.write("DEBIAN/triggers", "activate-noawait ldconfig\n")?;
    let stem = flavour.file.trim_end_matches(".so.4");
    tree.write("DEBIAN/shlibs", &format!("{stem} 4 {stands_for} (>= {VERSION})\n"))?;
    let provides = format!("Provides: {stands_for} (= {VERSION})");
    tree.build(
        machine,
        &Control {
            section: "libs",
            multi_arch: "same",
            depends: needs(&dist.join("lib").join(flavour.file))?,
            fields: &[&provides],
            description: [
                "drop-in libcurl on the Tress engine",
                "Programs that are linked with libcurl run on Tress while this package is there.\n \
                 The system's libcurl stays, and takes over when it is removed.",
            ],
        },
    )
}

/// Headers, the static library, and what tells build systems of them, where Debian's own
/// development packages have theirs.
fn development(dist: &Path, out: &Path, machine: &Machine) -> Result<()> {
    let tree = Tree::new(out, "libcurl-tress-dev")?;
    let (lib, include) =
        (format!("usr/lib/{}", machine.multiarch), format!("usr/include/{}", machine.multiarch));
    for header in fs::read_dir(dist.join("include/curl"))? {
        let header = header?;
        let name = header.file_name();
        tree.copy(&header.path(), &format!("{include}/curl/{}", name.to_string_lossy()))?;
    }
    tree.copy(&dist.join("lib/libcurl.a"), &format!("{lib}/libcurl.a"))?;
    let library = format!("/{}/libcurl.so.4", machine.place_of("libcurl4-tress"));
    symlink(library, tree.path(&format!("{lib}/libcurl.so"))?)?;
    let layout = Layout {
        prefix: "/usr".into(),
        lib: format!("/{lib}").into(),
        include: format!("/{include}").into(),
    };
    release::write_pkg_config(&tree.path(&format!("{lib}/pkgconfig/libcurl.pc"))?, &layout)?;
    release::write_curl_config(&tree.path("usr/bin/curl-config")?, &layout)?;
    tree.build(
        machine,
        &Control {
            section: "libdevel",
            multi_arch: "no",
            depends: format!("libcurl4-tress (= {})", version()),
            fields: &[
                "Provides: libcurl-dev, libcurl4-dev, libcurl-ssl-dev, libcurl4-openssl-dev",
                "Conflicts: libcurl4-openssl-dev, libcurl4-gnutls-dev, libcurl4-nss-dev",
                "Replaces: libcurl4-openssl-dev, libcurl4-gnutls-dev, libcurl4-nss-dev",
            ],
            description: [
                "development files of libcurl on the Tress engine",
                "Headers, the static library, libcurl.pc and curl-config.",
            ],
        },
    )
}

/// The command, with the peer of its demonstration.
fn command(dist: &Path, out: &Path, machine: &Machine) -> Result<()> {
    let tree = Tree::new(out, "tress")?;
    let program = dist.join("bin/tress");
    for (file, place) in [
        ("bin/tress", "usr/bin/tress"),
        ("libexec/tress/tress-demo-peer", "usr/libexec/tress/tress-demo-peer"),
    ] {
        tree.copy(&dist.join(file), place)?;
        run(Command::new("strip").arg(tree.path(place)?))?;
    }
    for (_, file) in DOCUMENTS {
        tree.copy(&dist.join(file), &format!("usr/{}", debian_place(file)))?;
    }
    run(Command::new("gzip").arg("-9n").arg(tree.path("usr/share/man/man1/tress.1")?))?;
    tree.build(
        machine,
        &Control {
            section: "web",
            multi_arch: "foreign",
            depends: needs(&program)?,
            fields: &[],
            description: ["fetches many URLs at once", "The command of the Tress transfer engine."],
        },
    )
}

/// Debian's zsh looks for completions in a directory of its own.
fn debian_place(file: &str) -> String {
    file.replace("zsh/site-functions", "zsh/vendor-completions")
}

impl Machine {
    fn here() -> Result<Self> {
        Ok(Self {
            architecture: answer(Command::new("dpkg").arg("--print-architecture"))?,
            multiarch: answer(Command::new("cc").arg("-print-multiarch"))?,
        })
    }

    /// The directory of a package's library, from the root.
    fn place_of(&self, package: &str) -> String {
        format!("usr/lib/{}/{package}", self.multiarch)
    }
}

/// The files of a package on their way into it.
struct Tree {
    name: String,
    dir: PathBuf,
}

impl Tree {
    fn new(out: &Path, name: &str) -> Result<Self> {
        let tree = Self { name: name.into(), dir: out.join("trees").join(name) };
        let licence = fs::read_to_string(root().join("LICENSE-MIT"))?;
        let choice = "Tress may be used under this licence or the Apache License 2.0\n\
                      (/usr/share/common-licenses/Apache-2.0), as you like.\n\n";
        tree.write(&format!("usr/share/doc/{name}/copyright"), &format!("{choice}{licence}"))?;
        Ok(tree)
    }

    /// Where a file of the package is made; its directory is there.
    fn path(&self, file: &str) -> Result<PathBuf> {
        let path = self.dir.join(file);
        fs::create_dir_all(path.parent().unwrap_or(&self.dir))?;
        Ok(path)
    }

    fn copy(&self, from: &Path, to: &str) -> Result<()> {
        fs::copy(from, self.path(to)?)?;
        Ok(())
    }

    fn write(&self, file: &str, text: &str) -> Result<()> {
        Ok(fs::write(self.path(file)?, text)?)
    }

    fn build(&self, machine: &Machine, control: &Control) -> Result<()> {
        let Control { section, multi_arch, depends, fields, description: [line, text] } = control;
        let fields: String = fields.iter().map(|field| format!("{field}\n")).collect();
        let (name, version, architecture) = (&self.name, version(), &machine.architecture);
        self.write(
            "DEBIAN/control",
            &format!(
                "Package: {name}\n\
                 Version: {version}\n\
                 Architecture: {architecture}\n\
                 Multi-Arch: {multi_arch}\n\
                 Section: {section}\n\
                 Priority: optional\n\
                 Maintainer: The Tress project <tress@localhost>\n\
                 Homepage: https://github.com/tress-rs/tress\n\
                 Depends: {depends}\n\
                 {fields}\
                 Description: {line}\n {text}\n"
            ),
        )?;
        let file = self.dir.with_file_name(format!("../{name}_{version}_{architecture}.deb"));
        run(Command::new("dpkg-deb")
            .args(["--root-owner-group", "--build", "-Zxz", "-z1"])
            .args([&self.dir, &file]))
    }
}

/// The API level that packages provide, then ours.
fn version() -> String {
    format!("{VERSION}+tress{}", env!("CARGO_PKG_VERSION"))
}

/// The packages with the system's libraries that a file is linked with.
fn needs(file: &Path) -> Result<String> {
    let text = answer(Command::new("readelf").args(["--version-info", "--wide"]).arg(file))?;
    let version = |word: &str| -> Option<(u32, u32)> {
        let (major, minor) = word.strip_prefix("GLIBC_")?.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    let newest = text.split_whitespace().filter_map(version).max();
    let (major, minor) = newest.ok_or_else(|| format!("{}: no glibc", file.display()))?;
    Ok(format!("libc6 (>= {major}.{minor}), libgcc-s1"))
}

fn answer(command: &mut Command) -> Result<String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
