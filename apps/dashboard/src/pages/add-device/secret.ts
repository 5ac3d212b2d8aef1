/** What is shown this once: it exists in the memory of this tab and nowhere else. */
export type Secret =
  | { readonly kind: 'code'; readonly id: string; readonly code: string; readonly taken: boolean }
  | {
      readonly kind: 'credentials';
      readonly deviceId: string;
      readonly apiKey: string;
      readonly taken: boolean;
    };
