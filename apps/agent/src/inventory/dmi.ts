import { isPlaceholder, usableSerial, usableUuid } from './placeholders.ts';
import type { RootedFiles } from './rooted-files.ts';

/** SMBIOS facts of PCs, servers and most virtual machines, with fillers such as "Default string" left out. */
export interface DmiFacts {
  readonly sysVendor: string | undefined;
  readonly productName: string | undefined;
  readonly productVersion: string | undefined;
  readonly boardVendor: string | undefined;
  readonly boardName: string | undefined;
  readonly biosVendor: string | undefined;
  /** Of the whole machine, else of its mainboard. The kernel shows both to root only. */
  readonly serial: string | undefined;
  /** Lower case. The kernel shows it to root only. */
  readonly uuid: string | undefined;
}

const folder = '/sys/class/dmi/id';

export async function readDmi(files: RootedFiles): Promise<DmiFacts> {
  const field = (name: string): Promise<string | undefined> => files.line(`${folder}/${name}`);
  const text = async (name: string): Promise<string | undefined> => {
    const value = await field(name);
    return value === undefined || isPlaceholder(value) ? undefined : value;
  };
  const [sysVendor, productName, productVersion, boardVendor, boardName, biosVendor] = await Promise.all(
    ['sys_vendor', 'product_name', 'product_version', 'board_vendor', 'board_name', 'bios_vendor'].map(text),
  );
  const [productSerial, boardSerial, uuid] = await Promise.all(
    ['product_serial', 'board_serial', 'product_uuid'].map(field),
  );
  return {
    sysVendor,
    productName,
    productVersion,
    boardVendor,
    boardName,
    biosVendor,
    serial: usableSerial(productSerial) ?? usableSerial(boardSerial),
    uuid: usableUuid(uuid),
  };
}

/**
 * One name for the machine: vendor and product, else vendor and mainboard.
 *
 * Lenovo keeps the name people know in the version field and a type number in the product field; with other
 * makers the version is a part number or worse, and is left out.
 */
export function dmiModel(dmi: DmiFacts): string | undefined {
  if (dmi.productName === undefined) return joined(dmi.boardVendor, dmi.boardName);
  const isLenovo = dmi.sysVendor?.toLowerCase() === 'lenovo';
  if (!isLenovo || dmi.productVersion === undefined) return joined(dmi.sysVendor, dmi.productName);
  return joined(dmi.sysVendor, `${dmi.productVersion} (${dmi.productName})`);
}

/** Vendor before product, unless the product already begins with the vendor's name ("HP" + "HP EliteDesk"). */
function joined(vendor: string | undefined, product: string | undefined): string | undefined {
  if (vendor === undefined || product === undefined) return product;
  return firstWord(vendor) === firstWord(product) ? product : `${vendor} ${product}`;
}

/** "VMware, Inc." and "VMware7,1" begin with the same word: letters up to the first other character. */
function firstWord(text: string): string {
  return /^\p{L}+/u.exec(text)?.[0].toLowerCase() ?? text;
}
