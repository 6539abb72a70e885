//! Packs the data folders for `src/embedded.rs`, so that the binary works alone.
//!
//! Files that are used together share a block, and each block is compressed by itself: what is not looked at
//! is never unpacked.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::DeflateEncoder;

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
    let fast = env::var("PROFILE").is_ok_and(|profile| profile != "release");
    let (table, packed) = pack(&root, &files, if fast { Compression::fast() } else { Compression::best() })?;
    let out = variable("OUT_DIR")?;
    fs::write(out.join("embedded.bin"), packed)?;
    fs::write(out.join("embedded.rs"), table)
}

/// A block is closed when it has grown to this many bytes; a longer file has one of its own.
const BLOCK: usize = 64 * 1024;

/// A file that is to be packed: its path, its contents, and the line that fact files are found by.
struct Source<'f> {
    path: &'f str,
    bytes: Vec<u8>,
    head: String,
}

/// The table of files and blocks as Rust, and the blocks one after another.
fn pack(root: &Path, files: &[String], level: Compression) -> io::Result<(String, Vec<u8>)> {
    // Files are used together that are in one package or suite and, of facts, begin with the same word.
    let mut groups: BTreeMap<(&str, String), Vec<Source>> = BTreeMap::new();
    for path in files {
        let bytes = fs::read(root.join(path))?;
        let head = if path.ends_with(".facts") { first_line(&bytes) } else { String::new() };
        let folder = path.match_indices('/').nth(1).map_or("", |(at, _)| &path[..at]);
        let kind = head.split(' ').next().unwrap_or_default().to_owned();
        groups.entry((folder, kind)).or_default().push(Source { path, bytes, head });
    }
    let (mut packed, mut blocks, mut rows) = (vec![], String::new(), BTreeMap::new());
    let mut number = 0;
    for sources in groups.values() {
        let mut block: Vec<u8> = vec![];
        for (i, source) in sources.iter().enumerate() {
            let Source { path, bytes, head } = source;
            let (start, end) = (block.len(), block.len() + bytes.len());
            rows.insert(
                *path,
                format!("{{ path: {path:?}, head: {head:?}, block: {number}, start: {start}, end: {end} }}"),
            );
            block.extend(bytes);
            let next = sources.get(i + 1).map(|next| next.bytes.len());
            if next.is_none_or(|next| block.len() + next > BLOCK) {
                let from = packed.len();
                let mut encoder = DeflateEncoder::new(&mut packed, level);
                encoder.write_all(&block)?;
                encoder.finish()?;
                let _ = writeln!(blocks, "    Block::new({from}, {}, {}),", packed.len(), block.len());
                block.clear();
                number += 1;
            }
        }
    }
    let mut table = String::from("static FILES: &[File] = &[\n");
    for row in rows.values() {
        let _ = writeln!(table, "    File {row},");
    }
    let _ = writeln!(table, "];\nstatic BLOCKS: [Block; {number}] = [\n{blocks}];");
    Ok((table, packed))
}

fn first_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|b| *b == b'\n').next().unwrap_or_default()).into_owned()
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
