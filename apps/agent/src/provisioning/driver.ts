import { displayCode, parseProvisioningCode } from '@edgeflow/contract';
import type { Random, TimeSource } from '@edgeflow/platform';
import { delayMs } from '../delay.ts';
import { codeMark, type Identity, type IdentityStore, type Notice, settingsMark } from '../identity/index.ts';
import { MachineRunner, NamedTimers } from '../machine-runner.ts';
import type { TunnelCredential, TunnelReport } from '../tunnel/model.ts';
import { problemOf } from './answer.ts';
import { ClaimErrands, type ClaimErrandsDeps } from './claim-errands.ts';
import { diskProblem, logFault, tellNotices } from './disk.ts';
import { newLife, stepLife } from './machine.ts';
import type {
  IdentityWrite,
  LifeEffect,
  LifeEvent,
  LifeState,
  LifeTimer,
  Problem,
  ProvisionReply,
} from './model.ts';

export interface LifeDriverDeps extends ClaimErrandsDeps {
  readonly time: TimeSource;
  readonly random: Random;
  readonly identities: IdentityStore;
  readonly tunnel: {
    use(credential: TunnelCredential): void;
    useLater(credential: TunnelCredential): void;
    stop(): Promise<void>;
  };
  readonly code: ConfiguredCode;
  /** After every event. */
  readonly onChange: () => void;
}

/** The code among the settings, as it was typed, or why there is none. */
export interface ConfiguredCode {
  readonly code: string | undefined;
  /** Where it was found, e.g. `EDGEFLOW_PROVISIONING_CODE_FILE`. */
  readonly setting?: string | undefined;
  readonly problem: Problem | undefined;
}

/** Performs what the machine asks for: disk, network, timers. */
export class LifeDriver {
  readonly #deps: LifeDriverDeps;
  readonly #machine: MachineRunner<LifeState, LifeEvent, LifeEffect>;
  readonly #timers: NamedTimers<LifeTimer>;
  readonly #stopping = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  readonly #asked = new Map<number, (reply: ProvisionReply) => void>();
  readonly #offered = new Map<number, (problem: Problem | undefined) => void>();
  readonly #errands: ClaimErrands;
  readonly #loaded = Promise.withResolvers<undefined>();
  #lastNumber = 0;

  constructor(deps: LifeDriverDeps) {
    this.#deps = deps;
    this.#errands = new ClaimErrands(deps);
    this.#timers = new NamedTimers(deps.time.timers);
    this.#machine = new MachineRunner(newLife(deps.settings), stepLife, (effect) => {
      this.#perform(effect);
    });
  }

  get state(): LifeState {
    return this.#machine.state;
  }

  start(): void {
    this.configureCode(this.#deps.code);
    this.#dispatch({ type: 'start' });
  }

  /** Abandons the request that is under way (its claim is durable) and waits until the disk is quiet. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the agent is stopping'));
    this.#timers.clearAll();
    await Promise.all(this.#underWay);
    this.#loaded.resolve(undefined);
    for (const settle of this.#asked.values()) settle(stopping);
    for (const settle of this.#offered.values()) settle(stopping.problem);
    this.#asked.clear();
    this.#offered.clear();
  }

  /** The settings hold another code now, or none. */
  configureCode({ code, setting, problem }: ConfiguredCode): void {
    this.#dispatch({ type: 'code_configured', code: canonicalCode(code), setting, problem });
  }

  wantTunnel(isWanted: boolean): void {
    this.#dispatch({ type: 'tunnel_wanted', isWanted });
  }

  /** A person asks for this code to be redeemed. Never rejects. */
  ask(code: string, force: boolean): Promise<ProvisionReply> {
    return this.#askFor((id) => ({ type: 'asked', id, code: canonicalCode(code) ?? code, force }));
  }

  /** A person hands over credentials. Never rejects. */
  give(deviceId: string, apiKey: string): Promise<ProvisionReply> {
    return this.#askFor((id) => ({ type: 'given', id, deviceId, apiKey }));
  }

  /**
   * The cloud offers a key. Resolves when it is durable (undefined) or with why it is not; the caller then sends the
   * answer and calls `answered`, and only after that is the new key used.
   */
  offerKey(
    apiKey: string,
    expiresAt: string,
  ): Promise<{ problem: Problem | undefined; answered: () => void }> {
    const id = this.#nextNumber();
    const answered = (): void => {
      this.#dispatch({ type: 'offer_answered', id });
    };
    return new Promise((resolve) => {
      this.#offered.set(id, (problem) => {
        resolve({ problem, answered });
      });
      this.#dispatch({ type: 'key_offered', id, apiKey, expiresAt });
    });
  }

  onTunnelReport(report: TunnelReport): void {
    switch (report.kind) {
      case 'online':
        this.#dispatch({ type: 'tunnel_online', credential: report.credential });
        break;
      case 'offline':
        this.#dispatch({ type: 'tunnel_offline', problem: report.problem });
        break;
      case 'rejected': {
        const { credential, problem } = report;
        this.#dispatch({ type: 'tunnel_refused', credential, problem });
        break;
      }
      case 'connecting':
      case 'stopped':
        this.#deps.onChange();
        break;
    }
  }

  /** People are heard once the disk has been read. */
  async #askFor(question: (id: number) => LifeEvent): Promise<ProvisionReply> {
    await this.#loaded.promise;
    if (this.#stopping.signal.aborted) return stopping;
    const id = this.#nextNumber();
    return new Promise((resolve) => {
      this.#asked.set(id, resolve);
      this.#dispatch(question(id));
    });
  }

  #dispatch(event: LifeEvent): void {
    if (this.#stopping.signal.aborted) return;
    this.#machine.dispatch(event);
    this.#deps.onChange();
  }

  #perform(effect: LifeEffect): void {
    switch (effect.type) {
      case 'load':
        this.#run(this.#load());
        break;
      case 'open_claim':
        this.#run(this.#openClaim(effect.code, effect.replaces));
        break;
      case 'send_claim':
        this.#run(this.#sendClaim(effect.attempt));
        break;
      case 'finish_claim':
        this.#run(this.#errands.finish());
        break;
      case 'write_identity':
        this.#run(this.#write(effect.write));
        break;
      case 'use':
        if (effect.when === 'now') this.#deps.tunnel.use(effect.credential);
        else this.#deps.tunnel.useLater(effect.credential);
        break;
      case 'stop_tunnel':
        this.#run(this.#deps.tunnel.stop());
        break;
      case 'reply':
        this.#asked.get(effect.id)?.(effect.reply);
        this.#asked.delete(effect.id);
        break;
      case 'answer_offer':
        this.#offered.get(effect.id)?.(effect.problem);
        this.#offered.delete(effect.id);
        break;
      case 'set_timer':
        this.#timers.set(effect.timer, delayMs(effect.delay, this.#deps.random), () => {
          this.#dispatch({ type: 'timer', timer: effect.timer });
        });
        break;
      case 'clear_timer':
        this.#timers.clear(effect.timer);
        break;
    }
  }

  /** No effect can end the process: what it rejects with is a fault of ours, and is logged. */
  #run(work: Promise<void>): void {
    const logged = work.catch((error: unknown) => {
      logFault(error, this.#deps.log);
    });
    const tracked = logged.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  async #load(): Promise<void> {
    const { identities, log } = this.#deps;
    const identity = await identities.load();
    if (identity.kind === 'opened') tellNotices(log, identity.notices);
    const claim = await this.#errands.load();
    this.#dispatch({ type: 'loaded', identity, claim });
    this.#loaded.resolve(undefined);
  }

  async #openClaim(code: string, replaces: boolean): Promise<void> {
    this.#dispatch(await this.#errands.open(code, replaces));
  }

  async #sendClaim(attempt: number): Promise<void> {
    const outcome = await this.#errands.send(this.#stopping.signal);
    this.#dispatch({ type: 'claim_answered', attempt, outcome });
  }

  async #write(write: IdentityWrite): Promise<void> {
    try {
      tellNotices(this.#deps.log, await this.#applyWrite(write));
    } catch (error) {
      this.#dispatch({ type: 'not_stored', write, problem: diskProblem(error, this.#deps.log) });
      return;
    }
    this.#dispatch({ type: 'stored', write, identity: this.#deps.identities.current });
  }

  #applyWrite(write: IdentityWrite): Promise<readonly Notice[]> {
    const { identities, settings, random } = this.#deps;
    const { cloud, board } = settings;
    switch (write.kind) {
      case 'grant': {
        const { deviceId, apiKey, expiresAt } = write.grant;
        const credentials = { cloud, board, device_id: deviceId, api_key: apiKey, expires_at: expiresAt };
        const code_mark = codeMark(random, write.code);
        return identities.adopt({ ...credentials, source: 'provisioned', code_mark });
      }
      case 'settings': {
        const { deviceId, apiKey } = write.credentials;
        const credentials = { cloud, board, device_id: deviceId, api_key: apiKey, expires_at: null };
        const settings_mark = settingsMark(write.credentials);
        return identities.adopt({ ...credentials, source: 'settings', settings_mark });
      }
      case 'given': {
        // Without a mark of their own: the settings, unchanged, must not undo them at the next start.
        const { deviceId, apiKey } = write;
        const credentials = { cloud, board, device_id: deviceId, api_key: apiKey, expires_at: null };
        return identities.adopt({ ...credentials, source: 'settings' });
      }
      case 'offer':
      case 'proof':
        return identities.update((current: Identity) => (current === write.seen ? write.next : current));
    }
  }

  #nextNumber(): number {
    this.#lastNumber += 1;
    return this.#lastNumber;
  }
}

const stopping = {
  kind: 'failed',
  problem: problemOf('not_ready', 'The agent is stopping.'),
  goesOn: false,
} as const;

/** One spelling for each code. What is no code stays as it is: the cloud has the last word on it. */
function canonicalCode(typed: string | undefined): string | undefined {
  if (typed === undefined) return undefined;
  const symbols = parseProvisioningCode(typed);
  return symbols === undefined ? typed.trim() : displayCode(symbols);
}
