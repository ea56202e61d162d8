// The page: signing in, where one is (the address after #), and who tells whom.

import {Api} from './api.js';
import {ConversationView} from './conversation-view.js';
import {DiscordSignIn} from './discord-sign-in.js';
import {$, h, whileBusy} from './dom.js';
import {Inbox} from './inbox.js';
import {ListView} from './list-view.js';
import {NewTicket} from './new-ticket.js';
import {Conversation, Outbox} from './stream.js';
import {Shelf, Uploads} from './uploads.js';

const ENDED = 'Your sign-in has ended. Sign in again to go on.';
const STAFF = ['admin', 'moderator'];
const api = new Api({onSignedOut: () => signedOut(ENDED), onRoleChanged: () => location.reload()});
const request = (method, path, options) => api.request(method, path, options);
const shelf = new Shelf();
const discord = new DiscordSignIn({api});
const door = {token: () => api.token, renew: (refused) => api.renew(refused)};

let desk = null;

/** Everything that belongs to one signed-in person. */
class Desk {
  constructor({user_id: userId, name, role}) {
    this.me = {user_id: userId, name};
    this.staff = STAFF.includes(role);
    this.view = null;
    this.drafts = {texts: new Map(), files: new Map()};
    this.names = new Map();
    this.options = null;
    this.fetchFile = (path) => api.file(path);
    this.outbox = new Outbox({
      userId,
      deliver: ({ticketId, text, note, nonce}) => this.#deliver(ticketId, text, note, nonce),
      onDelivered: (entry, message) => this.#delivered(entry, message),
      onChange: () => this.view?.render(),
    });
    this.uploads = new Uploads({
      userId, shelf,
      send: (entry, files, options) => this.#upload(entry, files, options),
      onDelivered: (entry, message) => this.#delivered(entry, message),
      onChange: () => this.view?.render(),
      onProgress: (nonce) => this.view?.showProgress(nonce),
    });
    this.inbox = new Inbox({
      me: this.me, show: this.staff ? 'due' : 'all', request, ...door,
      onChange: () => this.list?.render(),
      onState: () => this.showConnection(),
      isRead: (id) => !document.hidden && this.view?.following && this.view.conversation.ticketId === id,
    });
    this.list = new ListView(this.inbox, {staff: this.staff, me: this.me});
    $('who').textContent = name;
  }

  async #deliver(ticketId, text, note, nonce) {
    const path = `/api/tickets/${encodeURIComponent(ticketId)}/${note ? 'notes' : 'send'}`;
    const {message} = await request('POST', path, {body: {message: text, client_nonce: nonce}});
    return message;
  }

  async #upload({ticketId, text, note, nonce}, files, options) {
    const form = new FormData();
    for (const file of files) form.append('file', file, file.name);
    form.append('message', text);
    form.append('note', String(note));
    form.append('client_nonce', nonce);
    const path = `/api/tickets/${encodeURIComponent(ticketId)}/attachments`;
    return (await api.upload(path, form, options)).message;
  }

  #delivered({ticketId}, message) {
    if (message && this.view?.conversation.ticketId === ticketId) this.view.conversation.answered(message);
  }

  open() {
    this.inbox.open();
    this.nudgeBoxes();
    this.route();
    this.#learn();
  }

  /** Whether an owner may close, and which categories there are: not knowing is no matter. */
  async #learn() {
    this.options = await request('GET', '/api/tickets/options').catch(() => null);
    this.view?.render();
  }

  /** Of a colleague of whom the ticket says no more than the id: staff may ask, and see it when it is there. */
  nameOf(id) {
    if (this.staff && id && !this.names.has(id)) this.#ask(id);
    return this.names.get(id);
  }

  async #ask(id) {
    this.names.set(id, undefined);
    const person = await request('GET', `/api/users/${encodeURIComponent(id)}`).catch(() => null);
    this.names.set(id, person?.username);
    this.view?.render();
  }

  get ownerMayClose() {
    return this.options?.owner_may_close ?? false;
  }

  /** Files that would be lost with this tab. */
  get unsent() {
    return this.uploads.all().length > 0;
  }

  close() {
    this.#leave();
    this.inbox.close();
    this.outbox.stop();
    this.uploads.stop();
  }

  nudge() {
    this.inbox.nudge();
    this.view?.conversation.nudge();
    this.nudgeBoxes();
  }

  nudgeBoxes() {
    this.outbox.kick();
    this.uploads.kick();
  }

  route() {
    const [, kind = '', ticketId = ''] = location.hash.split('/');
    this.#leave();
    if (kind === 't' && /^[\w-]+$/.test(ticketId)) this.#show(ticketId);
    else if (kind === 'new') this.#new();
    else $('main').replaceChildren(h('h1', {class: 'empty middle'}, 'Choose a ticket to read it.'));
    $('app').dataset.at = kind === 't' || kind === 'new' ? 'main' : 'list';
    this.list.current = this.view ? this.view.conversation.ticketId : null;
    this.list.render();
    this.showConnection();
  }

  #leave() {
    this.view?.close();
    this.view = null;
  }

  #new() {
    const form = new NewTicket({request, onOpened: (ticket) => { location.hash = `#/t/${ticket.ticket_id}`; }});
    $('main').replaceChildren(form.element);
    form.focus();
  }

  #show(ticketId) {
    let live = false;
    const conversation = new Conversation({
      ticketId, me: this.me, request, ...door,
      onDelivered: (nonce) => {
        this.outbox.remove(nonce);
        this.uploads.remove(nonce);
      },
      onChange: () => {
        this.view?.render();
        if (conversation.state === 'live' && !live) this.nudgeBoxes();
        live = conversation.state === 'live';
        this.showConnection();
      },
    });
    this.view = new ConversationView(conversation, this);
    $('main').replaceChildren(this.view.element);
    conversation.open();
    this.view.focus();
  }

  showConnection() {
    const inbox = this.inbox.socket.state;
    const chat = this.view?.conversation.state ?? 'live';
    const live = inbox === 'open' && chat !== 'reconnecting';
    const text = live ? 'Live' : inbox === 'closed' ? '' : 'Reconnecting…';
    const place = $('connection');
    if (place.textContent !== text) place.textContent = text;
    place.classList.toggle('live', live);
  }
}

function start() {
  const person = api.signIn;
  desk?.close();
  desk = null;
  $('sign-in').hidden = Boolean(person);
  $('app').hidden = !person;
  if (person) {
    $('sign-in-form').reset();
    desk = new Desk(person);
    desk.open();
  } else {
    $('main').replaceChildren();
    $('username').focus();
  }
}

function signedOut(sentence = '') {
  start();
  complain(sentence);
}

function complain(sentence) {
  $('sign-in-problem').textContent = sentence;
  $('sign-in-problem').hidden = !sentence;
}

$('sign-in-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const {username, password} = Object.fromEntries(new FormData(event.target));
  const button = event.target.querySelector('button');
  complain('');
  try {
    await whileBusy(button, () => api.login(username, password));
    start();
  } catch (error) {
    complain(error.message);
    $('password').focus();
    $('password').select();
  }
});

$('discord-sign-in')?.addEventListener('click', async ({target}) => {
  complain('');
  await whileBusy(target, () => discord.leave()).catch((error) => complain(error.message));
});

$('sign-out').addEventListener('click', async () => {
  if (desk?.unsent && !confirm('There are files that were not sent yet. Sign out and drop them?')) return;
  desk?.uploads.clear();
  const done = api.logout();
  location.hash = '#/';
  signedOut();
  await done;
});

window.addEventListener('beforeunload', (event) => { if (desk?.unsent) event.preventDefault(); });
// A file dropped beside the conversation would open in place of this page.
for (const kind of ['dragover', 'drop']) {
  document.addEventListener(kind, (event) => { if (event.dataTransfer?.types.includes('Files')) event.preventDefault(); });
}
window.addEventListener('hashchange', () => desk?.route());
window.addEventListener('online', () => desk?.nudge());
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  desk?.nudge();
  desk?.inbox.load();
  desk?.view?.render();
});
window.addEventListener('storage', ({key}) => {
  if (key !== null && desk && key === desk.outbox.key) desk.view?.render();
  else if (api.signIn?.user_id !== desk?.me.user_id) start();
});

const problem = await discord.arrive();
start();
if (problem) complain(problem);
