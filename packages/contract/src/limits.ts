/** Every number that the two ends have agreed on. Source: the wire contract, sections 1 to 3. */

/** Largest body of any request to the device-side API, in bytes. */
export const bodyBytesMax = 16 * 1024;
/** Largest body of an operator's request (a batch of 10,000 codes needs no more), in bytes. */
export const operatorBodyBytesMax = 256 * 1024;
/** Deepest nesting inside `hardware_info` and `network_info`, each counted from itself as 1. */
export const infoDepthMax = 4;
/** Most keys in one object of the open info documents. */
export const infoKeysMax = 64;

/** Deepest nesting of any other JSON: shadows, command payloads and answers. */
export const jsonDepthMax = 32;

/** Rows of one batch of codes. */
export const batchRowsMax = 10_000;
/** Largest body that asks for a batch: a table of so many devices, in bytes. */
export const batchBodyBytesMax = 4 * 1024 * 1024;

/** Length of an `Idempotency-Key`, in visible ASCII characters. */
export const idempotencyKeyLengthMin = 32;
export const idempotencyKeyLengthMax = 128;

/** Two-group codes are made only while at most this many of them are live in the whole cloud. */
export const twoGroupCodesLiveMax = 100;
export const codeGroupsMin = 2;
export const codeGroupsMax = 6;
export const codesPerRequestMax = 10_000;
export const codeTtlSecondsMin = 60;
export const codeTtlSecondsMax = 366 * 24 * 3600;

/** Distinct unknown codes that one address may try within {@link unknownCodesWindowSeconds}. */
export const unknownCodesPerAddressMax = 36;
export const unknownCodesWindowSeconds = 24 * 3600;

/** Largest tunnel frame, in bytes. */
export const frameBytesMax = 64 * 1024;
/** A socket that has sent no `connect` by then is closed with 4408. */
export const connectDeadlineSeconds = 10;
export const heartbeatSeconds = 30;
/** After this many silent heartbeats the cloud closes with 4410. */
export const silentHeartbeatsMax = 3;
/** After this many pongs that did not come the device reconnects. */
export const missedPongsMax = 2;

/** Reconnect backoff of a device: full jitter, doubling, reset after a connection has lasted this long. */
export const backoffFirstSeconds = 1;
export const backoffMostSeconds = 60;
export const backoffResetSeconds = 60;

/** Key rotation is offered from this many days ahead of the key's expiry. */
export const rotationLeadDays = 30;
/** Devices that cannot rotate are listed this many days ahead. */
export const rotationWarningDays = 60;
/** With an expired key a device may still connect, to rotate, for this many days. */
export const expiredKeyGraceDays = 90;

/** After a cloud restart a device that was online counts as `reconnecting` for this long. */
export const reconnectingSeconds = 90;

/** A device that is refused because a newer one uses its identity is asked to stay away for this long. */
export const cloneWaitSeconds = 300;
/** The same for one that sends no `instance`, which may be the genuine one with a broken connection. */
export const cloneWaitWithoutInstanceSeconds = 40;

export const commandTimeoutMsDefault = 10_000;
export const commandTimeoutMsMax = 120_000;

/** Event streams that are open at one moment on one node of the cloud: of one organization, and of all together. */
export const eventStreamsPerOrganizationMax = 250;
export const eventStreamsMax = 1_000;

export const pageLimitDefault = 50;
export const pageLimitMax = 500;
/** Values of one kind that the menus of the device list are offered: those of most devices. */
export const facetValuesMax = 200;
/** Lists of codes and of the audit log count their rows up to this: counting millions takes longer than showing a page. */
export const totalCountedMax = 100_000;

/** Largest document of a shadow's `desired` or `reported` half, in bytes of JSON. */
export const shadowBytesMax = 32 * 1024;

/** Tags of one device. */
export const tagsMax = 32;
/** Longest notes about a device, in characters. */
export const deviceNotesMax = 4_000;
/** Devices that a change to many may name by their ids, so that it fits into a request. */
export const bulkIdsMax = 5_000;
/** Devices that one change to many may concern. */
export const bulkDevicesMax = 250_000;
/** Alert rules and endpoints of one organization. */
export const alertRulesMax = 100;
export const alertEndpointsMax = 10;
export const alertOfflineMinutesMax = 7 * 24 * 60;
export const alertKeyDaysMax = 60;
export const alertTargetLengthMax = 1_000;
/** After a webhook got a new secret, messages are signed with the old one as well for this long. */
export const alertSecretOverlapSeconds = 24 * 3600;
/** Length of a password that is set, in characters; what it is made of does not matter. */
export const passwordLengthMin = 12;
export const passwordLengthMax = 128;
export const emailLengthMax = 254;
/** Longest life of an operator token that ends, in days. */
export const tokenTtlDaysMax = 3650;
