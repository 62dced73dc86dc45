//! What a built library exports, by `readelf`: the public functions with their version, no more.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::tables::functions::FUNCTIONS;

/// The names of the public functions.
pub fn function_names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().flat_map(|header| header.iter()).map(|function| function.name)
}

/// An error unless the library at `file` has that SONAME and exports just the public functions,
/// each with the version `node`.
pub fn check(file: &Path, soname: &str, node: &str) -> Result<()> {
    let dynamic = readelf("--dynamic", file)?;
    if !dynamic.contains(&format!("Library soname: [{soname}]")) {
        return Err(format!("{} has not the SONAME {soname}", file.display()).into());
    }
    let wanted: BTreeSet<String> = function_names().map(|name| format!("{name}@@{node}")).collect();
    let found = exported(&readelf("--dyn-syms", file)?, node);
    if let Some(missing) = wanted.difference(&found).next() {
        return Err(format!("{} does not export {missing}", file.display()).into());
    }
    if let Some(further) = found.difference(&wanted).next() {
        return Err(format!("{} exports {further} too", file.display()).into());
    }
    Ok(())
}

/// The defined symbols of readelf's table, but for the node itself.
fn exported(table: &str, node: &str) -> BTreeSet<String> {
    let symbol = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [number, _, _, _, binding, _, section, name, ..] = columns[..] else { return None };
        let is_symbol = number.trim_end_matches(':').parse::<u32>().is_ok();
        let is_defined = is_symbol && binding != "LOCAL" && section != "UND";
        (is_defined && name != node).then(|| name.to_owned())
    };
    table.lines().filter_map(symbol).filter(|name| !name.starts_with(&format!("{node}@"))).collect()
}

fn readelf(what: &str, file: &Path) -> Result<String> {
    let output = Command::new("readelf").args([what, "--wide"]).arg(file).output()?;
    if !output.status.success() {
        return Err(format!("readelf {what} {}: {}", file.display(), output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::FLAVOURS;
    use crate::root;

    #[test]
    fn the_built_libraries_export_the_public_functions() {
        for flavour in &FLAVOURS {
            let file = root().join("target/dist/lib").join(flavour.file);
            if file.exists() {
                check(&file, flavour.file, flavour.node).unwrap();
            }
        }
    }

    #[test]
    fn a_foreign_symbol_is_seen() {
        let table = "   Num:    Value          Size Type    Bind   Vis      Ndx Name\n\
             1: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND free@GLIBC_2.2.5 (2)\n\
             2: 0000000000001000     9 FUNC    GLOBAL DEFAULT   12 curl_free@@NODE\n\
             3: 0000000000000000     0 OBJECT  GLOBAL DEFAULT  ABS NODE\n\
             4: 0000000000002000     9 FUNC    WEAK   DEFAULT   12 stray@@NODE\n";
        let found: Vec<_> = exported(table, "NODE").into_iter().collect();
        assert_eq!(found, ["curl_free@@NODE", "stray@@NODE"]);
    }
}
