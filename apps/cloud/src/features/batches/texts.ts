import type { Seal } from '../../keyring/index.ts';

/** What a sealed text belongs to: it opens in no other place. */
interface TextPlace {
  /** Server key of the code's row. */
  readonly keyId: string;
  readonly organizationId: string;
  readonly batchId: string;
  readonly codeId: string;
}

/** How the text of a code is sealed: under a purpose key of the server, so that the database alone tells none. */
export function sealOf({ batchId, codeId, keyId, organizationId }: TextPlace): Seal {
  // Ids hold no slash, so no two places have one owner.
  return { keyId, purpose: 'batch-texts', owner: `${organizationId}/${batchId}/${codeId}` };
}
