// Making elements. Text only ever becomes text nodes.

export const $ = (id) => document.getElementById(id);

/** `h('p', {class: 'x', onclick: f}, 'text', child)`; false, null and undefined are left out. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== false && child !== null && child !== undefined));
  return element;
}

/** Make `parent` show exactly `[key, signature, make]`, keeping every element that did not change. */
export function reconcile(parent, items) {
  const before = new Map([...parent.children].map((element) => [element.dataset.key, element]));
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  const focusedKey = focused?.closest('[data-key]')?.dataset.key;
  let place = parent.firstElementChild;
  for (const [key, signature, make] of items) {
    let element = before.get(key);
    before.delete(key);
    if (!element || element.dataset.signature !== signature) {
      const fresh = make();
      Object.assign(fresh.dataset, {key, signature});
      if (element) {
        if (place === element) place = element.nextElementSibling;
        element.remove();
      }
      element = fresh;
    }
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
  for (const element of before.values()) element.remove();
  if (focused && focused !== document.activeElement) refocus(parent, focused, focusedKey);
}

/** Moving or renewing an element takes the focus away from it; a link keeps it. */
function refocus(parent, focused, key) {
  if (focused.isConnected) return focused.focus({preventScroll: true});
  const element = [...parent.children].find((one) => one.dataset.key === key);
  return element?.querySelector('a')?.focus({preventScroll: true});
}

/** Nothing is asked for twice: the button waits for `work()`. It gets the focus back that waiting takes from it, or
 * `instead` does where the button is not there any more. */
export async function whileBusy(button, work, instead = null) {
  const focused = document.activeElement === button;
  button.disabled = true;
  try {
    return await work();
  } finally {
    button.disabled = false;
    for (const heir of focused ? [button, instead] : []) {
      if (document.activeElement === document.body) heir?.focus({preventScroll: true});
    }
  }
}

const TIME = new Intl.DateTimeFormat(undefined, {hour: '2-digit', minute: '2-digit'});
const DAY = new Intl.DateTimeFormat(undefined, {weekday: 'long', day: 'numeric', month: 'long'});
const SHORT = new Intl.DateTimeFormat(undefined, {day: 'numeric', month: 'short'});
const FULL = new Intl.DateTimeFormat(undefined, {dateStyle: 'full', timeStyle: 'short'});

const MOMENT = new Intl.DateTimeFormat(undefined, {dateStyle: 'medium', timeStyle: 'short'});

const today = (date) => date.toDateString() === new Date().toDateString();

export function day(iso) {
  const date = new Date(iso);
  return today(date) ? 'Today' : DAY.format(date);
}

export function clock(iso) {
  return h('time', {datetime: iso, title: FULL.format(new Date(iso))}, TIME.format(new Date(iso)));
}

export function briefly(iso) {
  const date = new Date(iso);
  return h('time', {datetime: iso, title: FULL.format(date)}, (today(date) ? TIME : SHORT).format(date));
}

/** A moment in words; `clock` and `briefly` make elements. */
export function moment(iso) {
  return MOMENT.format(new Date(iso));
}

export function sizeInWords(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 2 ** 20 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 2 ** 20).toFixed(1)} MB`;
}

/** Let the browser save it under a name. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  h('a', {href: url, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export const STATUS = {open: 'Open', claimed: 'Claimed', closed: 'Closed'};

export const titled = (word) => word.charAt(0).toUpperCase() + word.slice(1).replaceAll('_', ' ');

export function statusPill(status) {
  return h('span', {class: `pill ${status}`}, STATUS[status] ?? status);
}
