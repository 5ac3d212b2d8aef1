import { X509Certificate } from 'node:crypto';
import { DevelopmentFolder, type DevelopmentOptions } from './development-folder.ts';
import { spkiPin } from './pins.ts';
import { type CertificateSource, secureContext } from './source.ts';
import { Watchers } from './watchers.ts';

/** How often the machine's names and the certificates' lives are looked at: networks change while laptops run. */
const lookMs = 60_000;

/**
 * The cloud's own CA and certificate, for trying it out and for closed networks. Keys are made once: certificates are
 * renewed with them when a name is missing or a third of the life is left, so pins stay true.
 *
 * @throws SettingError when the folder cannot be used, or the CA's key is gone while its certificate is not.
 */
export async function openDevelopmentCertificate(options: DevelopmentOptions): Promise<CertificateSource> {
  const { logger, timers } = options;
  const folder = new DevelopmentFolder(options);
  let issued = await folder.bringUpToDate();

  const watchers = new Watchers(timers, lookMs, async () => {
    try {
      const next = await folder.bringUpToDate();
      if (next.leafPem === issued.leafPem && next.caPem === issued.caPem) return false;
      issued = next;
      const names = options.names().map(({ value }) => value);
      logger.info({ names }, 'the development certificate was renewed');
      return true;
    } catch (error) {
      logger.error(
        { err: error },
        'the development certificate cannot be renewed; the one before it stays in use',
      );
      return false;
    }
  });

  return {
    // The CA is sent along, so that a device which pins it finds it in the chain.
    secureContextOptions: () => secureContext(issued.leafPem + issued.caPem, issued.leafKeyPem),
    get caPem() {
      return issued.caPem;
    },
    caFile: folder.caFile,
    get pins() {
      return [spkiPin(new X509Certificate(issued.caPem))];
    },
    watch: (onChange) => watchers.add(onChange),
  };
}
