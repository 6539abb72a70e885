//! Lists the data folders for `src/embedded.rs`, so that the binary works alone.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The folders whose files the binary carries.
const FOLDERS: [&str; 4] = ["testscripts", "fixtures", "profiles", "requirements"];

fn main() -> io::Result<()> {
    let variable = |name: &str| env::var_os(name).map(PathBuf::from).ok_or_else(|| io::Error::other(name.to_owned()));
    let root = variable("CARGO_MANIFEST_DIR")?;
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = vec![];
    for folder in FOLDERS {
        // Cargo looks at every file below it; a folder that is not there yet is looked for at each build.
        println!("cargo::rerun-if-changed={folder}");
        if root.join(folder).is_dir() {
            collect(&root, Path::new(folder), &mut files)?;
        }
    }
    files.sort();
    let mut table = String::from("static FILES: &[File] = &[\n");
    for file in &files {
        let absolute = root.join(file);
        let _ = writeln!(table, "    File {{ path: {file:?}, bytes: include_bytes!({absolute:?}) }},");
    }
    table.push_str("];\n");
    fs::write(variable("OUT_DIR")?.join("embedded.rs"), table)
}

/// Every file below a folder, hidden ones left out, by its path from the root with `/`.
fn collect(root: &Path, folder: &Path, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let name = entry.file_name();
        let path = folder.join(&name);
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(root, &path, files)?;
        } else {
            files.push(path.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}
