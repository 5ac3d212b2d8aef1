/** What is shown this once: it exists in the memory of this tab and nowhere else. */
export type Secret =
  | { readonly kind: 'code'; readonly id: string; readonly code: string; readonly taken: boolean }
  | { readonly kind: 'credentials'; readonly id: string; readonly apiKey: string; readonly taken: boolean };

/** By the id of the code or the device: whoever makes another and goes Back finds the one before. */
export type Secrets = ReadonlyMap<string, Secret>;

/** It is somewhere else now, or of no use any more: nothing is lost with it. */
export function withTaken(secrets: Secrets, id: string): Secrets {
  const secret = secrets.get(id);
  return secret === undefined || secret.taken
    ? secrets
    : new Map(secrets).set(id, { ...secret, taken: true });
}
