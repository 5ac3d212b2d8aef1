import { resolve } from 'node:path';
import { fileErrorCode, type Files, type Random, type TimeSource } from '@edgeflow/platform';
import { Client } from './client/client.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { Output, type TextSink } from './output/output.ts';
import { type Environment, readSettings, type SettingsFlags } from './settings.ts';

/** What the process gives; tests give their own. */
export interface CliDeps extends TimeSource {
  readonly environment: Environment;
  readonly files: Files;
  readonly random: Random;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  /** What relative paths begin at. */
  readonly workingFolder: string;
  readonly version: string;
}

export interface GlobalFlags extends SettingsFlags {
  readonly json?: true | undefined;
}

/** Largest `@file` argument, in bytes; the cloud takes no larger body. */
const argumentBytesMax = 256 * 1024;

/** One run of the program: what its command needs, made when it asks for it. */
export class Session {
  readonly deps: CliDeps;
  /** What to leave with when nothing fails. */
  exitCode: ExitCode = exitCodes.ok;
  readonly #flags: () => GlobalFlags;
  #client: Client | undefined;

  constructor(deps: CliDeps, flags: () => GlobalFlags) {
    this.deps = deps;
    this.#flags = flags;
  }

  get output(): Output {
    const { stdout, stderr } = this.deps;
    return new Output({ stdout, stderr, json: this.#flags().json === true });
  }

  /** @throws CliFailure for wrong settings, or none. */
  async connect(options: { readonly needsToken: boolean } = { needsToken: true }): Promise<Client> {
    const { environment, files, timers, version, workingFolder } = this.deps;
    const settings = await readSettings(this.#flags(), environment, files, workingFolder);
    if (options.needsToken && settings.token === undefined) {
      throw usageFailure(
        'There is no operator token',
        'Set EDGEFLOW_TOKEN, or give --token-file (EDGEFLOW_TOKEN_FILE) a file that holds it.',
      );
    }
    this.#client = new Client({ settings, timers, userAgent: `edgeflow-cli/${version}` });
    return this.#client;
  }

  /** A JSON argument: the text itself, or `@path` for the content of a file (`@/dev/stdin` for a pipe). */
  async readJson(option: string, argument: string): Promise<unknown> {
    const text = argument.startsWith('@') ? await this.#readArgument(option, argument.slice(1)) : argument;
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // The parser's own message would quote the text, which may be secret.
      throw usageFailure(`${option} is not JSON`, `Write it as '{"key": "value"}', or name a file as @path.`);
    }
  }

  close(): void {
    this.#client?.close();
  }

  async #readArgument(option: string, path: string): Promise<string> {
    const absolute = resolve(this.deps.workingFolder, path);
    try {
      return new TextDecoder().decode(await this.deps.files.read(absolute, argumentBytesMax));
    } catch (error) {
      const code = fileErrorCode(error) ?? 'unknown error';
      throw new CliFailure(
        {
          code: 'settings_invalid',
          title: `The file in ${option} cannot be read: ${absolute} (${code})`,
          next_step: 'Check its path and permissions.',
        },
        exitCodes.usage,
        { cause: error },
      );
    }
  }
}
