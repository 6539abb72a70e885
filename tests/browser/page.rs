//! The HTML report in a browser.

use std::fs;
use std::path::Path;

use libtest_mimic::Failed;

use super::chromium::Chromium;

/// Contrast of every text with what is behind it, by WCAG 2.2 (1.4.3): the texts that have too little.
pub const FAINT: &str = r"(() => {
  for (const details of document.querySelectorAll('details')) details.open = true;
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const d = canvas.getImageData(0, 0, 1, 1).data; return [d[0], d[1], d[2], d[3] / 255]; };
  const luminance = c => c.slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const behind = at => { const layers = []; for (; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]); };
  const faint = new Set(), seen = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const at = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || ['SCRIPT', 'STYLE'].includes(at.tagName) || !at.getClientRects().length) continue;
    const style = getComputedStyle(at), key = style.color + at.className + at.parentElement?.className + at.closest('[class]')?.className;
    if (seen.has(key)) continue;
    seen.add(key);
    const back = behind(at), text = luminance(over(rgba(style.color), back)), under = luminance(back);
    const ratio = (Math.max(text, under) + .05) / (Math.min(text, under) + .05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) faint.add(`${ratio.toFixed(2)} .${at.className} ${at.tagName} ${walker.currentNode.data.trim().slice(0, 30)}`);
  }
  return [...faint];
})()";

/// Controls that have no name.
pub const NAMELESS: &str = r"[...document.querySelectorAll('button, input, a, summary, img')]
  .filter(e => !(e.textContent.trim() || e.getAttribute('aria-label') || e.alt)).map(e => e.outerHTML.slice(0, 80))";

fn equal(browser: &mut Chromium, expression: &str, expected: &str) -> Result<(), Failed> {
    let value = browser.value(expression)?.to_string();
    if value == expected { Ok(()) } else { Err(format!("{expression} is {value}, not {expected}").into()) }
}

/// Everything that the page promises, at a desk and on a phone, light and dark.
pub fn reads_well(page: &Path, pictures: &Path) -> Result<(), Failed> {
    fs::create_dir_all(pictures)?;
    for (name, width, height) in [("desktop", 1280, 900), ("phone", 390, 844)] {
        let mut browser = Chromium::start(width, height)?;
        browser.open(page)?;
        picture(&mut browser, &pictures.join(format!("{name}.png")))?;
        // Dutch, and back.
        equal(&mut browser, "document.querySelector('h1').innerText", "\"FAILED\"")?;
        browser.value("document.getElementById('lang').click()")?;
        equal(&mut browser, "document.documentElement.lang", "\"nl\"")?;
        equal(&mut browser, "document.querySelector('h1').innerText", "\"GEZAKT\"")?;
        equal(&mut browser, "document.getElementById('q').placeholder", "\"Zoek in het rapport\"")?;
        picture(&mut browser, &pictures.join(format!("{name}-nl.png")))?;
        browser.value("document.getElementById('lang').click()")?;
        // Nothing is wider than the screen.
        equal(&mut browser, "document.documentElement.scrollWidth <= innerWidth", "true")?;
        let beside = "[...document.querySelectorAll('.item, .tag, td')].filter(e => e.getClientRects().length && e.getBoundingClientRect().right < 0).length";
        equal(&mut browser, beside, "0")?;
        // A failing element is there, marked and seen; its link opens the answer and goes to the mark.
        equal(&mut browser, "document.querySelector('.card .frame mark').getClientRects().length > 0", "true")?;
        equal(
            &mut browser,
            "getComputedStyle(document.querySelector('mark')).backgroundColor !== 'rgba(0, 0, 0, 0)'",
            "true",
        )?;
        let follow = "new Promise(done => { document.querySelector('.frame a[href^=\"#m\"]').click(); setTimeout(() => { \
                      const mark = document.querySelector(location.hash), box = mark.getBoundingClientRect(); \
                      done(mark.tagName === 'MARK' && box.top >= 0 && box.bottom <= innerHeight && mark.closest('details').open) }, 400) })";
        equal(&mut browser, follow, "true")?;
        picture(&mut browser, &pictures.join(format!("{name}-mark.png")))?;
        // Search shows what fits, and says so; Escape clears.
        let search = |text: &str| {
            format!(
                "new Promise(done => {{ const q = document.getElementById('q'); q.value = '{text}'; q.dispatchEvent(new Event('input')); \
                 setTimeout(() => done(document.querySelectorAll('.item:not(.hide)').length), 500) }})"
            )
        };
        let all = browser.value("document.querySelectorAll('.item').length")?.as_u64().unwrap_or_default();
        let some = browser.value(&search("quantity"))?.as_u64().unwrap_or_default();
        if some == 0 || some >= all {
            return Err(format!("searching shows {some} of {all}").into());
        }
        equal(&mut browser, &search("no such thing at all"), "0")?;
        equal(&mut browser, "document.getElementById('hits').textContent", "\"nothing found\"")?;
        let escape = "document.getElementById('q').dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', bubbles: true})); \
                      document.querySelectorAll('.item:not(.hide)').length";
        equal(&mut browser, escape, &all.to_string())?;
        // Keys reach everything that can be used.
        let keys = "dispatchEvent(new KeyboardEvent('keydown', {key: 'n'})) || true";
        browser.value(&format!("document.body.{keys}"))?;
        let pressed = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'n', bubbles: true})); \
                       document.activeElement.classList.contains('card')";
        equal(&mut browser, pressed, "true")?;
        equal(&mut browser, NAMELESS, "[]")?;
        for theme in ["light", "dark"] {
            browser.value(&format!("document.documentElement.dataset.theme = '{theme}'"))?;
            equal(&mut browser, FAINT, "[]")?;
            browser.value("scrollTo(0, 0)")?;
            picture(&mut browser, &pictures.join(format!("{name}-{theme}.png")))?;
        }
        let complaints = browser.complaints();
        if !complaints.is_empty() {
            return Err(complaints.join("\n").into());
        }
    }
    Ok(())
}

/// Keeps a picture of what is seen.
pub fn picture(browser: &mut Chromium, path: &Path) -> Result<(), Failed> {
    let text = browser.picture()?;
    let digit = |c: u8| match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'a'..=b'z' => Some(c - b'a' + 26),
        b'0'..=b'9' => Some(c - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let mut bytes = vec![];
    for chunk in text.as_bytes().chunks(4) {
        let digits: Vec<u32> = chunk.iter().filter_map(|c| digit(*c)).map(u32::from).collect();
        let word = digits.iter().fold(0, |word, digit| word << 6 | digit) << (6 * (4 - digits.len()));
        bytes.extend(word.to_be_bytes().iter().skip(1).take(digits.len().saturating_sub(1)));
    }
    fs::write(path, bytes)?;
    Ok(())
}
