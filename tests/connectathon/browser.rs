//! The board in a browser, while a matrix runs: quick, quiet, to be read and to be used by keys; and a
//! finding that goes from open to retested by its party's hand.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::chromium::Chromium;
use super::{Running, is_long, keur, page, run};

/// Collects how long after a cell was over its mark changed.
const WATCH: &str = "(() => { window.lags = []; new MutationObserver(all => { for (const { target } of all) \
                     window.lags.push(Date.now() - Date.parse(target.dataset.at)); }) \
                     .observe(document.getElementById('grid'), { subtree: true, attributeFilter: ['data-at'] }); })()";

fn truth(browser: &mut Chromium, expression: &str) -> bool {
    browser.value(expression).unwrap_or_else(|error| panic!("{expression}: {error:?}")) == Value::Bool(true)
}

fn until(browser: &mut Chromium, expression: &str) {
    let end = Instant::now() + Duration::from_secs(300);
    while !truth(browser, expression) {
        assert!(Instant::now() < end, "{expression} does not come true");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A key as somebody presses it.
fn press(browser: &mut Chromium, key: &str, code: u32) {
    for kind in ["keyDown", "keyUp"] {
        let text = if key == "Enter" { "\r" } else { "" };
        let event =
            serde_json::json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text});
        browser.call("Input.dispatchKeyEvent", event).expect("a key");
    }
}

fn pictures() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/long/board");
    let folder = std::env::var_os("KEUR_PICTURES").map_or(folder, PathBuf::from);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn reads_well(browser: &mut Chromium) {
    for theme in ["light", "dark"] {
        let features = serde_json::json!({"features": [{"name": "prefers-color-scheme", "value": theme}]});
        browser.call("Emulation.setEmulatedMedia", features).unwrap();
        assert_eq!(browser.value(page::FAINT).unwrap(), serde_json::json!([]), "{theme}");
    }
    browser.call("Emulation.setEmulatedMedia", serde_json::json!({"features": []})).unwrap();
    assert_eq!(browser.value(page::NAMELESS).unwrap(), serde_json::json!([]));
    assert!(truth(browser, "document.documentElement.scrollWidth <= innerWidth"), "wider than the screen");
}

#[test]
fn browser_board_of_a_big_day() {
    if !is_long() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["matrix", "demo", "--servers", "20", "--clients", "20", "--board", "127.0.0.1:0", "--stay"];
    let matrix = Running::start(&mut keur(folder.path(), &arguments));
    let pictures = pictures();
    let mut browser = Chromium::start(1920, 1080).unwrap();
    let url = format!("http://{}/", matrix.1);
    browser.go(&url).unwrap();
    until(&mut browser, "document.querySelectorAll('#grid i').length === 2000");
    browser.value(WATCH).unwrap();
    until(&mut browser, "+document.getElementById('n-failed').textContent > 100");
    page::picture(&mut browser, &pictures.join("big-half.png")).unwrap();
    until(&mut browser, "document.getElementById('n-open').textContent === '0'");
    let lags = browser.value(
        "(() => { const l = lags.sort((a, b) => a - b); return [l.length, l[l.length >> 1], l[l.length - 1]]; })()",
    );
    let lags = lags.unwrap();
    println!("cells seen, median and longest until seen in ms: {lags}");
    assert!(lags[0].as_u64() > Some(1_000) && lags[2].as_u64() < Some(1_000), "{lags}");
    page::picture(&mut browser, &pictures.join("big.png")).unwrap();
    reads_well(&mut browser);
    // By keys alone: into the matrix, to a cell, what was found there, and back.
    browser.value("document.querySelector('#grid button').focus()").unwrap();
    press(&mut browser, "ArrowDown", 40);
    press(&mut browser, "ArrowDown", 40);
    press(&mut browser, "ArrowRight", 39);
    assert!(truth(
        &mut browser,
        "document.activeElement.getAttribute('aria-label').startsWith('Cederhof EPD, Berkel PGO')"
    ));
    press(&mut browser, "Enter", 13);
    until(&mut browser, "document.getElementById('detail').open && document.querySelectorAll('#d-body li').length > 0");
    page::picture(&mut browser, &pictures.join("big-cell.png")).unwrap();
    press(&mut browser, "Escape", 27);
    until(&mut browser, "!document.getElementById('detail').open");
    assert!(truth(&mut browser, "document.activeElement.closest('#grid') !== null"), "focus is lost");
    browser.value("document.getElementById('big').click()").unwrap();
    page::picture(&mut browser, &pictures.join("big-screen.png")).unwrap();
    assert_eq!(browser.said(), Vec::<String>::new());
    let mut phone = Chromium::start(390, 844).unwrap();
    phone.go(&format!("{url}?lang=nl")).unwrap();
    until(&mut phone, "document.querySelectorAll('#findings li').length > 5");
    page::picture(&mut phone, &pictures.join("phone.png")).unwrap();
    reads_well(&mut phone);
    assert_eq!(phone.said(), Vec::<String>::new());
}

#[test]
fn browser_finding_from_open_to_retested() {
    if !is_long() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    assert_eq!(run(&mut keur(at, &["matrix", "init", "m.toml"])).0, 0);
    let text = std::fs::read_to_string(at.join("m.toml")).unwrap();
    let text = text.replace("name = \"Kievit EPD\"\n", "name = \"Kievit EPD\"\ntoken = \"env:KIEVIT\"\n");
    std::fs::write(at.join("m.toml"), text).unwrap();
    let mut command = keur(at, &["matrix", "m.toml", "--board", "127.0.0.1:0", "--stay"]);
    let matrix = Running::start(command.env("KIEVIT", "s-kievit"));
    let mut browser = Chromium::start(1280, 900).unwrap();
    browser.go(&format!("http://{}/", matrix.1)).unwrap();
    until(&mut browser, "document.getElementById('n-open').textContent === '0'");
    until(&mut browser, "document.querySelectorAll('#findings li[data-id]').length > 1");
    assert!(truth(&mut browser, "document.querySelectorAll('#findings button').length === 0"), "a visitor acts");
    // The party gives its token.
    let give = "(() => { const t = document.getElementById('token'); t.value = 's-kievit'; t.dispatchEvent(new Event('change')); })()";
    browser.value(give).unwrap();
    let own = "[...document.querySelectorAll('#findings li')].find(li => li.querySelector('.who').textContent.startsWith('Kievit EPD'))";
    let state = |state: &str| format!("({own})?.className === '{state}'");
    let click =
        |label: &str| format!("[...({own}).querySelectorAll('button')].find(b => b.textContent === '{label}').click()");
    let there = |label: &str| {
        format!("[...(({own})?.querySelectorAll('button') ?? [])].some(b => b.textContent === '{label}')")
    };
    until(&mut browser, &there("Claim"));
    assert!(truth(&mut browser, &state("open")));
    let journal = || std::fs::read_to_string(at.join(".keur/vipptathon/cells.jsonl")).unwrap();
    let before = journal();
    for (label, next) in [("Claim", "claimed"), ("Mark fixed", "fixed"), ("Retest", "retested")] {
        until(&mut browser, &there(label));
        browser.value(&click(label)).unwrap();
        until(&mut browser, &state(next));
        // A server that was mended needs a moment to be back.
        std::thread::sleep(Duration::from_millis(500));
    }
    page::picture(&mut browser, &pictures().join("retested.png")).unwrap();
    let after = journal();
    let touched: Vec<Value> = after[before.len()..].lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!touched.is_empty());
    for cell in touched {
        assert_eq!(
            (&cell["server"], &cell["scenario"]),
            (&"Kievit EPD".into(), &"Problems".into()),
            "another cell ran"
        );
    }
    assert_eq!(browser.said(), Vec::<String>::new());
}
