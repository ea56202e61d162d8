// The REST side: requests, and the sign-in they are made with. Nothing here touches the page.

const KEY = 'hazebot.sign-in';
const TIMEOUT = 15_000;
const STALLED = 60_000;
const WHOLE_FILE = 300_000;

export class ApiError extends Error {
  /** `status` 0: no answer came at all. */
  constructor(status, {error = '', code = '', fields = {}} = {}, retryAfter = 0) {
    super(error || 'The server cannot be reached at the moment.');
    Object.assign(this, {status, code, fields, retryAfter});
  }

  /** Whether the same request may succeed later. */
  get retryable() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

export class Api {
  #renewal = null;

  /** `onSignedOut` is called when the server no longer accepts this sign-in. */
  constructor({storage = localStorage, onSignedOut = () => {}, onRoleChanged = () => {}} = {}) {
    Object.assign(this, {storage, onSignedOut, onRoleChanged});
  }

  /** Read afresh each time: another tab may have renewed the token or signed out. */
  get signIn() {
    try {
      return JSON.parse(this.storage.getItem(KEY));
    } catch {
      return null;
    }
  }

  get token() {
    return this.signIn?.token ?? null;
  }

  #remember({token, user, user_id, role}) {
    const before = this.signIn;
    this.storage.setItem(KEY, JSON.stringify({token, name: user, user_id, role}));
    if (before && before.user_id === user_id && before.role !== role) this.onRoleChanged();
  }

  async login(username, password) {
    this.#remember(await this.#once('POST', '/api/auth/login', null, {body: {username, password}}));
  }

  async logout() {
    const token = this.token;
    this.storage.removeItem(KEY);
    if (token) await this.end(token);
  }

  /** End the sign-in of a token that is not wanted. */
  async end(token) {
    await this.#once('POST', '/api/auth/logout', token, {}).catch(() => {});
  }

  /** The address of the page where Discord asks who it is. */
  async wayToDiscord() {
    return (await this.#once('GET', '/api/discord/auth?platform=web', null, {})).auth_url;
  }

  /** The token of a redirect is worth one exchange. */
  async takeOver(token) {
    this.#remember(await this.#once('POST', '/api/auth/refresh', token, {}));
  }

  /** A request with the sign-in; a refused token is renewed once. Throws `ApiError`. */
  request(method, path, options = {}) {
    return this.#signed((token) => this.#once(method, path, token, options));
  }

  /** A file of this server, as a `Blob`. */
  file(path) {
    return this.#signed(async (token) => {
      const response = await this.#fetched('GET', path, token, {timeout: WHOLE_FILE});
      return response.blob().catch(() => { throw new ApiError(0); });
    });
  }

  /** Send a form with files: `onSent(part)` tells how much of it went out, and `signal` gives it up. */
  upload(path, form, options) {
    return this.#signed((token) => uploaded(path, form, this.#headers(token), options));
  }

  async #signed(attempt) {
    const token = this.token;
    try {
      return await attempt(token);
    } catch (error) {
      if (error.status !== 401 || !(await this.renew(token))) throw error;
    }
    return attempt(this.token);
  }

  /** True when there is a newer token than `refused`; false when one has to sign in again. */
  async renew(refused) {
    if (this.token !== refused) return this.token !== null;
    this.#renewal ??= this.#renewOnce(refused).finally(() => { this.#renewal = null; });
    return this.#renewal;
  }

  async #renewOnce(refused) {
    const renew = async () => {
      if (this.token !== refused) return this.token !== null;
      try {
        this.#remember(await this.#once('POST', '/api/auth/refresh', refused, {}));
        return true;
      } catch (error) {
        if (error.retryable) throw error;
        this.storage.removeItem(KEY);
        this.onSignedOut();
        return false;
      }
    };
    // Two tabs share one sign-in: only one of them renews it.
    return globalThis.navigator?.locks ? navigator.locks.request('hazebot.renew', renew) : renew();
  }

  #headers(token) {
    return {'X-Platform': 'Web', ...(token && {Authorization: `Bearer ${token}`})};
  }

  async #once(method, path, token, options) {
    const response = await this.#fetched(method, path, token, options);
    return parsed(await response.text().catch(() => { throw new ApiError(0); }));
  }

  async #fetched(method, path, token, {body, nonce, timeout = TIMEOUT}) {
    const headers = this.#headers(token);
    if (nonce) headers['Idempotency-Key'] = nonce;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    let response, problem;
    try {
      response = await fetch(path, {
        method, headers, body: body && JSON.stringify(body), cache: 'no-store', credentials: 'same-origin',
        signal: AbortSignal.timeout(timeout),
      });
      problem = response.ok ? '' : await response.text();
    } catch {
      throw new ApiError(0);
    }
    if (response.ok) return response;
    throw new ApiError(response.status, parsed(problem), Number(response.headers.get('Retry-After')) || 0);
  }
}

/** `fetch` does not tell how far it has come, so this is done the old way. */
function uploaded(path, form, headers, {onSent, signal}) {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    let timer = null;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => sending.abort(), STALLED);
    };
    sending.upload.onprogress = ({loaded, total}) => { alive(); onSent(total ? loaded / total : 0); };
    sending.onabort = sending.onerror = () => reject(new ApiError(0));
    sending.onload = () => {
      const answer = parsed(sending.responseText);
      if (sending.status < 300) resolve(answer);
      else reject(new ApiError(sending.status, answer, Number(sending.getResponseHeader('Retry-After')) || 0));
    };
    sending.onloadend = () => clearTimeout(timer);
    signal.addEventListener('abort', () => sending.abort());
    sending.open('POST', path);
    for (const [name, value] of Object.entries(headers)) sending.setRequestHeader(name, value);
    alive();
    sending.send(form);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
