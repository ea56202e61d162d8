import {refresher, watch} from './live.js';

const told = new Map();
const read = refresher(['#open', '#resolved']);
/** What somebody is writing is not swept away. */
const writing = () => Boolean(document.querySelector('details[open]'));
const readUnlessWriting = () => { if (!writing()) read(); };

watch((monitors) => {
  const turned = monitors.filter(({id, since}) => told.get(id) !== since);
  const news = turned.some(({id, status}) => told.has(id) || status !== 'up');
  for (const {id, since} of turned) told.set(id, since);
  if (news) readUnlessWriting();
}, readUnlessWriting);
document.addEventListener('toggle', readUnlessWriting, true);
