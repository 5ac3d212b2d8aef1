import type { Files } from '@edgeflow/platform';
import { type BoardSources, boardModel, boardSerial } from './board.ts';
import { readContainer } from './container.ts';
import { readControlGroupLimits } from './control-groups.ts';
import { readCpuCores } from './cpu.ts';
import { readCpuinfo } from './cpuinfo.ts';
import { readDeviceTree } from './device-tree.ts';
import { readDmi } from './dmi.ts';
import type { HostFacts } from './host-facts.ts';
import type { HardwareInfo, Inventory } from './inventory.ts';
import { readKernel } from './kernel.ts';
import { appSpecificId, edgeflowApplicationId, readMachineId } from './machine-id.ts';
import { megabytes, readMemoryBytes } from './memory.ts';
import { readNetwork } from './network/network.ts';
import { Notes } from './notes.ts';
import { goArchitecture, goPlatform, readOsName } from './operating-system.ts';
import { normalisedSerial } from './placeholders.ts';
import { present } from './present.ts';
import { RootedFiles } from './rooted-files.ts';
import { cleanText } from './text.ts';
import { readVirtualization } from './virtualization.ts';

export interface InventoryDeps {
  readonly files: Files;
  /** Folder that all paths are below: `/` in production. */
  readonly root: string;
  readonly host: HostFacts;
  /** Version of this program. */
  readonly agentVersion: string;
  /**
   * Absolute path, below `root`, of the folder that holds the identity. When given, `machineId.persistent` also
   * requires that the two live on one file system.
   */
  readonly stateFolder?: string;
}

/**
 * What this device is and how it is connected, read from files below `root`, with {@link HostFacts} where those
 * say nothing. Never rejects, opens no connection, changes nothing. All texts are clean, short and well-formed.
 */
export async function readInventory(deps: InventoryDeps): Promise<Inventory> {
  const notes = new Notes();
  const files = new RootedFiles(deps.files, deps.root, notes);
  const [deviceTree, cpuinfo, dmi, container, network] = await Promise.all([
    readDeviceTree(files),
    readCpuinfo(files),
    readDmi(files),
    readContainer(files),
    readNetwork(files, deps.host, notes),
  ]);
  const board = { deviceTree, cpuinfo, dmi };
  const [machineId, virtualization] = await Promise.all([
    readMachineId(files, notes, { container, stateFolder: deps.stateFolder }),
    readVirtualization(files, board),
  ]);
  const hardware: HardwareInfo = {
    ...(await readBoard(files, deps.host, board, { virtualization, container })),
    ...(await readCapacity(files, deps.host, board, { container, notes })),
    ...present({
      machine_id_hash:
        machineId === undefined ? undefined : appSpecificId(machineId.value, edgeflowApplicationId),
      virtualization,
      container,
    }),
    agent_version: cleanText(deps.agentVersion),
  };
  const serial = hardware.serial_number;
  return {
    hardware_info: hardware,
    network_info: network,
    board: present({
      serialNumber: serial === undefined ? undefined : normalisedSerial(serial),
      dmiUuid: hardware.dmi_uuid,
    }),
    ...present({ machineId }),
    notes: notes.toArray(),
  };
}

type Surroundings = Pick<HardwareInfo, 'board_model' | 'os' | 'os_name' | 'arch' | 'kernel'> &
  Pick<HardwareInfo, 'serial_number' | 'dmi_uuid'>;

async function readBoard(
  files: RootedFiles,
  host: HostFacts,
  board: BoardSources,
  inside: { virtualization: string | undefined; container: string | undefined },
): Promise<Surroundings> {
  const os = goPlatform(host.platform);
  const arch = goArchitecture(host.arch, host.platform);
  return {
    board_model: boardModel(board, { os, arch, ...inside }),
    os,
    arch,
    kernel: await readKernel(files, host),
    ...present({
      os_name: await readOsName(files),
      serial_number: boardSerial(board),
      dmi_uuid: board.dmi.uuid,
    }),
  };
}

type Capacity = Pick<HardwareInfo, 'cpu_cores' | 'ram_mb' | 'cpu_limit' | 'ram_limit_mb'>;

/** What the machine has, and what control groups leave of it to this process where that is less. */
async function readCapacity(
  files: RootedFiles,
  host: HostFacts,
  board: BoardSources,
  context: { container: string | undefined; notes: Notes },
): Promise<Capacity> {
  const cores = (await readCpuCores(files, board.cpuinfo)) ?? host.cpuCount;
  const memoryBytes = (await readMemoryBytes(files)) ?? host.memoryBytes;
  const limits = await readControlGroupLimits(files);
  const limiter = context.container === undefined ? 'a control group' : 'the container';
  const capacity = { cpu_cores: cores, ram_mb: megabytes(memoryBytes) };

  let ramLimitMb: number | undefined;
  if (limits.memoryBytes !== undefined && limits.memoryBytes < memoryBytes) {
    ramLimitMb = megabytes(limits.memoryBytes);
    context.notes.add(`memory limited to ${String(ramLimitMb)} MB by ${limiter}`);
  }
  let cpuLimit: number | undefined;
  if (limits.cpus !== undefined && limits.cpus < cores) {
    cpuLimit = Math.max(0.01, Math.round(limits.cpus * 100) / 100);
    context.notes.add(
      `processor time limited to ${String(cpuLimit)} of ${String(cores)} cores by ${limiter}`,
    );
  }
  return { ...capacity, ...present({ ram_limit_mb: ramLimitMb, cpu_limit: cpuLimit }) };
}
