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
    if let Some(commit) = commit(&root) {
        println!("cargo::rustc-env=KEUR_COMMIT={commit}");
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

/// The commit that evidence names: from the environment, or, in a release build, from the repository.
/// Other builds do not depend on it, so that a commit does not mean building anew.
fn commit(root: &Path) -> Option<String> {
    println!("cargo::rerun-if-env-changed=KEUR_COMMIT");
    if let Ok(commit) = env::var("KEUR_COMMIT") {
        return Some(commit);
    }
    if env::var("PROFILE").ok()? != "release" {
        return None;
    }
    let mut folder = root.join(".git");
    if folder.is_file() {
        let text = fs::read_to_string(&folder).ok()?;
        folder = root.join(text.strip_prefix("gitdir:")?.trim());
    }
    let head_file = folder.join("HEAD");
    println!("cargo::rerun-if-changed={}", head_file.display());
    let head = fs::read_to_string(head_file).ok()?;
    let Some(name) = head.trim().strip_prefix("ref: ") else { return Some(head.trim().to_owned()) };
    // A worktree keeps its branches where the repository does.
    let common = fs::read_to_string(folder.join("commondir")).map(|path| folder.join(path.trim()));
    let common = common.unwrap_or(folder);
    let branch = common.join(name);
    if branch.is_file() {
        println!("cargo::rerun-if-changed={}", branch.display());
        return fs::read_to_string(branch).ok().map(|commit| commit.trim().to_owned());
    }
    let packed = fs::read_to_string(common.join("packed-refs")).ok()?;
    packed.lines().find_map(|line| line.strip_suffix(name)?.strip_suffix(' ').map(str::to_owned))
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
