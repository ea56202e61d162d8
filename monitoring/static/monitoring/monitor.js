import {refresher, watch} from './live.js';

const now = document.getElementById('now');
const chart = document.getElementById('chart');
const note = document.getElementById('chart-note');
const language = document.documentElement.lang;
const numbers = new Intl.NumberFormat(language, {maximumFractionDigits: 0});
const id = Number(now.dataset.id);
let range = '24h', plot = null, drawn = null, asked = 0;

/** A canvas knows neither variables nor `light-dark()`; an element's own colour is neither. */
function colour(name) {
  const probe = document.createElement('i');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

const ms = (value) => value === null || value === undefined ? '–' : `${numbers.format(value)} ms`;

function axes() {
  const grid = {stroke: colour('--line'), width: 1};
  const look = {stroke: colour('--muted'), grid, ticks: grid, font: '12px system-ui, sans-serif'};
  const day = new Intl.DateTimeFormat(language, {month: 'short', day: 'numeric'});
  const time = new Intl.DateTimeFormat(language, {timeStyle: 'short'});
  const said = (_plot, splits) => splits.map((at) => (range === '7d' ? day : time).format(at * 1000));
  return [{...look, values: said, space: 70}, {...look, size: 64, values: (_plot, splits) => splits.map(ms)}];
}

/** Where something was down stands a red band. */
function bands(u) {
  const {t, down} = drawn;
  u.ctx.save();
  u.ctx.fillStyle = colour('--bad-soft');
  down.forEach((was, index) => {
    if (!was) return;
    const left = u.valToPos(t[index - 1] ?? t[index], 'x', true);
    const right = u.valToPos(t[index], 'x', true);
    u.ctx.fillRect(left, u.bbox.top, Math.max(3, right - left), u.bbox.height);
  });
  u.ctx.restore();
}

function draw() {
  plot?.destroy();
  const when = new Intl.DateTimeFormat(language, {dateStyle: 'short', timeStyle: 'medium'});
  plot = new globalThis.uPlot({
    width: chart.clientWidth, height: 240, scales: {x: {min: drawn.from, max: drawn.to}}, axes: axes(),
    cursor: {y: false}, hooks: {drawClear: [bands]},
    series: [
      {label: '', value: (_plot, at) => at === null ? '–' : when.format(at * 1000)},
      {label: chart.dataset.most, stroke: colour('--muted'), width: 1, dash: [4, 4], value: (_plot, value) => ms(value)},
      {label: chart.dataset.mean, stroke: colour('--accent'), width: 2, value: (_plot, value) => ms(value)},
    ],
  }, [drawn.t, drawn.most, drawn.mean], chart);
  plot.setScale('x', {min: drawn.from, max: drawn.to});
  summarise();
}

/** The chart in words, for those who do not see it. */
function summarise() {
  const means = drawn.mean.filter((value) => value !== null);
  const most = Math.max(...drawn.most.filter((value) => value !== null));
  const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
  const {summary, nothing} = chart.dataset;
  const text = means.length ? summary.replace('{mean}', ms(mean)).replace('{most}', ms(most)) : nothing;
  chart.setAttribute('aria-label', text);
  note.textContent = text;
}

async function load() {
  const mine = ++asked;
  const answer = await fetch(`${chart.dataset.source}?range=${range}`, {credentials: 'same-origin'}).catch(() => null);
  if (!answer?.ok || mine !== asked) return;
  drawn = await answer.json();
  draw();
}

for (const button of document.querySelectorAll('[data-range]')) {
  button.addEventListener('click', () => {
    range = button.dataset.range;
    for (const other of document.querySelectorAll('[data-range]')) {
      other.setAttribute('aria-pressed', String(other === button));
    }
    load();
  });
}

const readParts = refresher(['#now', '#history'], 2000);
let later = null;
function readAll() {
  readParts();
  later ??= setTimeout(() => { later = null; load(); }, 5000);
}
function edited(change) {
  if (change.id !== id) return;
  if (change.deed === 'deleted') location.assign(document.querySelector('.brand').href);
  else readAll();
}

watch((monitors) => { if (monitors.some((monitor) => monitor.id === id)) readAll(); }, readAll, edited);
new ResizeObserver(() => { if (plot && plot.width !== chart.clientWidth) plot.setSize({width: chart.clientWidth, height: 240}); }).observe(chart);
addEventListener('themechange', () => { if (drawn) draw(); });
load();
