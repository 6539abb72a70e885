'use strict';
(() => {
  const root = document.documentElement, $ = id => document.getElementById(id);
  // A page from a file may have no storage.
  const stored = key => { try { return localStorage.getItem(key); } catch { return null; } };
  const store = (key, value) => { try { localStorage.setItem(key, value); } catch { /* not kept */ } };
  const language = to => {
    root.lang = to;
    const q = $('q'), theme = $('theme');
    q.placeholder = q.dataset[to];
    q.setAttribute('aria-label', q.dataset[to]);
    theme.title = theme.dataset[to];
    theme.setAttribute('aria-label', theme.dataset[to]);
    for (const chip of document.querySelectorAll('[data-only]')) chip.title = chip.dataset[to];
    $('lang').lang = to === 'en' ? 'nl' : 'en';
    count();
  };
  $('lang').addEventListener('click', () => {
    const to = root.lang === 'nl' ? 'en' : 'nl';
    store('keur-lang', to);
    language(to);
  });
  const dark = () => root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  $('theme').addEventListener('click', () => {
    root.dataset.theme = dark() ? 'light' : 'dark';
    store('keur-theme', root.dataset.theme);
  });

  // Search: every item that has all the words, with what it stands in.
  const items = [...document.querySelectorAll('.item')];
  const texts = new Map();
  const text = item => {
    if (!texts.has(item)) {
      const whole = item.closest('.script')?.querySelector('summary').textContent ?? '';
      texts.set(item, (item.textContent + ' ' + whole).toLowerCase());
    }
    return texts.get(item);
  };
  let only = null, hits = null;
  const count = () => {
    const words = root.lang === 'nl' ? ['gevonden', 'niets gevonden'] : ['found', 'nothing found'];
    $('hits').textContent = hits === null ? '' : hits ? `${hits} ${words[0]}` : words[1];
  };
  const opened = new Set();
  const filter = () => {
    const words = $('q').value.toLowerCase().split(/\s+/).filter(Boolean);
    const all = !words.length && !only;
    for (const details of opened) details.open = false;
    opened.clear();
    hits = all ? null : 0;
    for (const item of items) {
      const fits = all || ((!only || item.dataset.v === only) && words.every(word => text(item).includes(word)));
      item.classList.toggle('hide', !fits);
      if (fits && !all) hits++;
    }
    for (const group of document.querySelectorAll('.script, .test, main > section, #findings > section')) {
      const own = group.querySelector('.item');
      group.classList.toggle('hide', !all && (!own || !group.querySelector('.item:not(.hide)')));
    }
    // What holds only a few is opened.
    if (!all) for (const details of document.querySelectorAll('.script:not(.hide), .test:not(.hide)')) {
      if (!details.open && opened.size < 200) { opened.add(details); details.open = true; }
    }
    count();
  };
  let wait;
  $('q').addEventListener('input', () => { clearTimeout(wait); wait = setTimeout(filter, 120); });
  for (const chip of document.querySelectorAll('[data-only]')) chip.addEventListener('click', () => {
    only = only === chip.dataset.only ? null : chip.dataset.only;
    for (const other of document.querySelectorAll('[data-only]')) other.setAttribute('aria-pressed', String(other.dataset.only === only));
    filter();
  });

  // A link opens what it goes to.
  const reveal = () => {
    const goal = location.hash.length > 1 && $(decodeURIComponent(location.hash.slice(1)));
    if (!goal) return;
    if (goal.closest('.hide')) { $('q').value = ''; only = null; filter(); }
    for (let at = goal; at; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true;
    goal.scrollIntoView({ block: 'center' });
    if (goal.tagName === 'DETAILS') goal.querySelector('summary').focus({ preventScroll: true });
  };
  addEventListener('hashchange', reveal);
  document.addEventListener('click', event => {
    const link = event.target.closest('a[href^="#"]');
    if (link && link.hash === location.hash) setTimeout(reveal);
    const copy = event.target.closest('.copy');
    if (copy) navigator.clipboard?.writeText(copy.dataset.copy).then(() => {
      copy.textContent = '✓';
      setTimeout(() => { copy.innerHTML = '<span lang=en>copy</span><span lang=nl>kopieer</span>'; }, 1500);
    }, () => {});
  });

  // Keys: / searches, n and p go to the next and previous finding, Escape clears.
  const cards = [...document.querySelectorAll('.card')];
  let card = -1;
  addEventListener('keydown', event => {
    const typing = event.target.matches('input, textarea');
    if (event.key === 'Escape' && typing) { $('q').value = ''; filter(); $('q').blur(); return; }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '/') { event.preventDefault(); $('q').focus(); }
    if ((event.key === 'n' || event.key === 'p') && cards.length) {
      card = Math.min(Math.max(card + (event.key === 'n' ? 1 : -1), 0), cards.length - 1);
      cards[card].tabIndex = -1;
      cards[card].focus({ preventScroll: true });
      cards[card].scrollIntoView({ block: 'start' });
    }
  });

  // Colours of keys, texts and numbers, where the browser can do that without touching the page.
  if (window.Highlight && CSS.highlights) {
    const kinds = { key: new Highlight(), string: new Highlight(), number: new Highlight() };
    for (const [name, highlight] of Object.entries(kinds)) CSS.highlights.set(name, highlight);
    const token = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\b\d[\d.eE+-]*\b|\btrue\b|\bfalse\b|\bnull\b)|(<\/?[\w:.-]+|\/?>)/g;
    const done = new WeakSet();
    const colour = pre => {
      if (done.has(pre) || pre.textContent.length > 400000) return;
      done.add(pre);
      const walker = document.createTreeWalker(pre, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const node = walker.currentNode;
        if (node.parentElement.closest('.cut, mark')) continue;
        for (const found of node.data.matchAll(token)) {
          const range = new Range();
          range.setStart(node, found.index);
          range.setEnd(node, found.index + (found[2] ? found[1].length : found[0].length));
          kinds[found[4] || found[2] ? 'key' : found[3] ? 'number' : 'string'].add(range);
        }
      }
    };
    document.querySelectorAll('.frame pre').forEach(colour);
    document.querySelectorAll('.x').forEach(x => x.addEventListener('toggle', () => x.open && x.querySelectorAll('.body').forEach(colour)));
  }

  // On paper: what failed, open.
  addEventListener('beforeprint', () => {
    for (const details of document.querySelectorAll('.card details, .requirements details')) details.open = true;
  });

  if (stored('keur-theme')) root.dataset.theme = stored('keur-theme');
  language(stored('keur-lang') ?? root.lang);
  reveal();
})();
