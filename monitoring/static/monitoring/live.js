// What changes at the monitors, as it happens; and the parts of a page that are read again.

import {LiveSocket} from '../hazesite/socket.js';

/**
 * `onUpdate(monitors)` hears how those stand that changed; `onGap()` that something may have been missed: read
 * again; `onEdit({id, deed})` that somebody added, changed or deleted a monitor.
 */
export function watch(onUpdate, onGap, onEdit = onGap) {
  const sign = document.getElementById('connection');
  let before = false;
  const socket = new LiveSocket({
    path: () => '/ws/monitors/',
    onFrame: (frame) => {
      if (frame.type === 'monitor_update') onUpdate(frame.monitors);
      if (frame.type === 'monitor_changed') onEdit(frame);
      if (frame.type !== 'joined_monitors') return;
      if (before) onGap();
      before = true;
    },
    onState: (state) => {
      sign.classList.toggle('live', state === 'open');
      sign.textContent = state === 'open' ? sign.dataset.live : sign.dataset.waiting;
      if (state === 'refused' || state === 'signed-out') location.reload();
    },
  });
  addEventListener('online', () => socket.nudge());
  addEventListener('pagehide', () => socket.close());
  addEventListener('pageshow', (event) => { if (event.persisted) socket.open(); });
  socket.open();
}

/** A function that reads these parts of the page again, at most once in `pause` ms however often it is called. */
export function refresher(selectors, pause = 1000) {
  let timer = null, last = -Infinity;
  const read = async () => {
    timer = null;
    last = performance.now();
    const wanted = selectors.filter((selector) => document.querySelector(selector));
    if (!wanted.length) return;
    const [first, ...others] = wanted;
    await globalThis.htmx.ajax('GET', location.pathname + location.search, {
      source: document.body, target: first, select: first, swap: 'outerHTML', selectOOB: others.join(','),
    });
  };
  return () => {
    timer ??= setTimeout(read, Math.max(50, last + pause - performance.now()));
  };
}
