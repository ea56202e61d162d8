import {refresher, watch} from './live.js';

const MINUTE = 60_000;
const BARS = 30;
const words = document.getElementById('words').dataset;
const readAt = Date.parse(words.at);  // by the server's clock
const told = new Map();
const numbers = new Intl.NumberFormat(document.documentElement.lang, {maximumFractionDigits: 0});
const readAll = refresher(['#list', '#counts', '#attention']);
const readHeads = refresher(['#counts', '#attention'], 2000);

function show(row, {status, checked_at: checked, response_ms: ms, slowness}) {
  if (row.dataset.status !== status) {
    row.dataset.status = status;
    row.querySelector('.dot').className = `dot pulse ${status}`;
    row.querySelector('.label').textContent = words[status];
  }
  if (!checked || Date.parse(checked) <= (Date.parse(row.dataset.checked) || 0)) return;
  row.dataset.checked = checked;
  const response = row.querySelector('.response');
  response.classList.toggle('slow', Boolean(slowness));
  if (ms !== null) response.querySelector('.value').textContent = `${numbers.format(ms)} ms`;
  addBar(row.querySelector('.bars'), status, ms);
}

/** Its height is only right until the list is read again: the others were measured by the slowest. */
function addBar(bars, status, ms) {
  const bar = document.createElement('i');
  bar.className = `${status} ${ms === null || status === 'down' ? 'h10' : bars.lastElementChild?.classList[1] ?? 'h5'}`;
  bars.append(bar);
  while (bars.children.length > BARS) bars.firstElementChild.remove();
}

/** Whether its status is another one than when the page was read; told once. */
function turned({id, since}) {
  if (Date.parse(since) <= readAt || told.get(id) === since) return false;
  told.set(id, since);
  return true;
}

watch((monitors) => {
  let news = false;
  for (const monitor of monitors) {
    const row = document.querySelector(`.row[data-id="${monitor.id}"]`);
    if (row) show(row, monitor);
    news = turned(monitor) || news;
  }
  if (news) readHeads();
}, readAll);

setInterval(() => { if (!document.hidden) readAll(); }, MINUTE);
document.addEventListener('visibilitychange', () => { if (!document.hidden) readAll(); });

document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.target.closest('input, textarea, select')) return;
  event.preventDefault();
  document.getElementById('q').focus();
});
