// Which function of libvirt's API each procedure is, but for those that are none: authentication and events.

const NAMES = `
  1 ConnectOpen 2 ConnectClose 3 ConnectGetType 4 ConnectGetVersion 5 ConnectGetMaxVcpus 6 NodeGetInfo 7 ConnectGetCapabilities
  8 DomainAttachDevice 9 DomainCreate 10 DomainCreateXML 11 DomainDefineXML 12 DomainDestroy 13 DomainDetachDevice 14 DomainGetXMLDesc
  15 DomainGetAutostart 16 DomainGetInfo 17 DomainGetMaxMemory 18 DomainGetMaxVcpus 19 DomainGetOSType 20 DomainGetVcpus
  21 ConnectListDefinedDomains 22 DomainLookupByID 23 DomainLookupByName 24 DomainLookupByUUID 25 ConnectNumOfDefinedDomains
  26 DomainPinVcpu 27 DomainReboot 28 DomainResume 29 DomainSetAutostart 30 DomainSetMaxMemory 31 DomainSetMemory 32 DomainSetVcpus
  33 DomainShutdown 34 DomainSuspend 35 DomainUndefine 36 ConnectListDefinedNetworks 37 ConnectListDomains 38 ConnectListNetworks
  39 NetworkCreate 40 NetworkCreateXML 41 NetworkDefineXML 42 NetworkDestroy 43 NetworkGetXMLDesc 44 NetworkGetAutostart
  45 NetworkGetBridgeName 46 NetworkLookupByName 47 NetworkLookupByUUID 48 NetworkSetAutostart 49 NetworkUndefine
  50 ConnectNumOfDefinedNetworks 51 ConnectNumOfDomains 52 ConnectNumOfNetworks 53 DomainCoreDump 54 DomainRestore 55 DomainSave
  56 DomainGetSchedulerType 57 DomainGetSchedulerParameters 58 DomainSetSchedulerParameters 59 ConnectGetHostname
  60 ConnectSupportsFeature 61 DomainMigratePrepare 62 DomainMigratePerform 63 DomainMigrateFinish 64 DomainBlockStats
  65 DomainInterfaceStats 71 ConnectNumOfStoragePools 72 ConnectListStoragePools 73 ConnectNumOfDefinedStoragePools
  74 ConnectListDefinedStoragePools 75 ConnectFindStoragePoolSources 76 StoragePoolCreateXML 77 StoragePoolDefineXML 78 StoragePoolCreate
  79 StoragePoolBuild 80 StoragePoolDestroy 81 StoragePoolDelete 82 StoragePoolUndefine 83 StoragePoolRefresh 84 StoragePoolLookupByName
  85 StoragePoolLookupByUUID 86 StoragePoolLookupByVolume 87 StoragePoolGetInfo 88 StoragePoolGetXMLDesc 89 StoragePoolGetAutostart
  90 StoragePoolSetAutostart 91 StoragePoolNumOfVolumes 92 StoragePoolListVolumes 93 StorageVolCreateXML 94 StorageVolDelete
  95 StorageVolLookupByName 96 StorageVolLookupByKey 97 StorageVolLookupByPath 98 StorageVolGetInfo 99 StorageVolGetXMLDesc
  100 StorageVolGetPath 101 NodeGetCellsFreeMemory 102 NodeGetFreeMemory 103 DomainBlockPeek 104 DomainMemoryPeek
  105 ConnectDomainEventRegister 106 ConnectDomainEventDeregister 108 DomainMigratePrepare2 109 DomainMigrateFinish2 110 ConnectGetURI
  111 NodeNumOfDevices 112 NodeListDevices 113 NodeDeviceLookupByName 114 NodeDeviceGetXMLDesc 115 NodeDeviceGetParent
  116 NodeDeviceNumOfCaps 117 NodeDeviceListCaps 118 NodeDeviceDettach 119 NodeDeviceReAttach 120 NodeDeviceReset
  121 DomainGetSecurityLabel 122 NodeGetSecurityModel 123 NodeDeviceCreateXML 124 NodeDeviceDestroy 125 StorageVolCreateXMLFrom
  126 ConnectNumOfInterfaces 127 ConnectListInterfaces 128 InterfaceLookupByName 129 InterfaceLookupByMACString 130 InterfaceGetXMLDesc
  131 InterfaceDefineXML 132 InterfaceUndefine 133 InterfaceCreate 134 InterfaceDestroy 135 ConnectDomainXMLFromNative
  136 ConnectDomainXMLToNative 137 ConnectNumOfDefinedInterfaces 138 ConnectListDefinedInterfaces 139 ConnectNumOfSecrets
  140 ConnectListSecrets 141 SecretLookupByUUID 142 SecretDefineXML 143 SecretGetXMLDesc 144 SecretSetValue 145 SecretGetValue
  146 SecretUndefine 147 SecretLookupByUsage 148 DomainMigratePrepareTunnel 149 ConnectIsSecure 150 DomainIsActive 151 DomainIsPersistent
  152 NetworkIsActive 153 NetworkIsPersistent 154 StoragePoolIsActive 155 StoragePoolIsPersistent 156 InterfaceIsActive
  157 ConnectGetLibVersion 158 ConnectCompareCPU 159 DomainMemoryStats 160 DomainAttachDeviceFlags 161 DomainDetachDeviceFlags
  162 ConnectBaselineCPU 163 DomainGetJobInfo 164 DomainAbortJob 165 StorageVolWipe 166 DomainMigrateSetMaxDowntime
  167 ConnectDomainEventRegisterAny 168 ConnectDomainEventDeregisterAny 174 DomainUpdateDeviceFlags 175 NWFilterLookupByName
  176 NWFilterLookupByUUID 177 NWFilterGetXMLDesc 178 ConnectNumOfNWFilters 179 ConnectListNWFilters 180 NWFilterDefineXML
  181 NWFilterUndefine 182 DomainManagedSave 183 DomainHasManagedSaveImage 184 DomainManagedSaveRemove 185 DomainSnapshotCreateXML
  186 DomainSnapshotGetXMLDesc 187 DomainSnapshotNum 188 DomainSnapshotListNames 189 DomainSnapshotLookupByName
  190 DomainHasCurrentSnapshot 191 DomainSnapshotCurrent 192 DomainRevertToSnapshot 193 DomainSnapshotDelete 194 DomainGetBlockInfo
  196 DomainCreateWithFlags 197 DomainSetMemoryParameters 198 DomainGetMemoryParameters 199 DomainSetVcpusFlags 200 DomainGetVcpusFlags
  201 DomainOpenConsole 202 DomainIsUpdated 203 ConnectGetSysinfo 204 DomainSetMemoryFlags 205 DomainSetBlkioParameters
  206 DomainGetBlkioParameters 207 DomainMigrateSetMaxSpeed 208 StorageVolUpload 209 StorageVolDownload 210 DomainInjectNMI
  211 DomainScreenshot 212 DomainGetState 213 DomainMigrateBegin3 214 DomainMigratePrepare3 215 DomainMigratePrepareTunnel3
  216 DomainMigratePerform3 217 DomainMigrateFinish3 218 DomainMigrateConfirm3 219 DomainSetSchedulerParametersFlags
  220 InterfaceChangeBegin 221 InterfaceChangeCommit 222 InterfaceChangeRollback 223 DomainGetSchedulerParametersFlags
  225 DomainPinVcpuFlags 226 DomainSendKey 227 NodeGetCPUStats 228 NodeGetMemoryStats 229 DomainGetControlInfo 230 DomainGetVcpuPinInfo
  231 DomainUndefineFlags 232 DomainSaveFlags 233 DomainRestoreFlags 234 DomainDestroyFlags 235 DomainSaveImageGetXMLDesc
  236 DomainSaveImageDefineXML 237 DomainBlockJobAbort 238 DomainGetBlockJobInfo 239 DomainBlockJobSetSpeed 240 DomainBlockPull
  242 DomainMigrateGetMaxSpeed 243 DomainBlockStatsFlags 244 DomainSnapshotGetParent 245 DomainReset 246 DomainSnapshotNumChildren
  247 DomainSnapshotListChildrenNames 249 DomainOpenGraphics 250 NodeSuspendForDuration 251 DomainBlockResize 252 DomainSetBlockIoTune
  253 DomainGetBlockIoTune 254 DomainSetNumaParameters 255 DomainGetNumaParameters 256 DomainSetInterfaceParameters
  257 DomainGetInterfaceParameters 258 DomainShutdownFlags 259 StorageVolWipePattern 260 StorageVolResize 261 DomainPMSuspendForDuration
  262 DomainGetCPUStats 263 DomainGetDiskErrors 264 DomainSetMetadata 265 DomainGetMetadata 266 DomainBlockRebase 267 DomainPMWakeup
  271 DomainSnapshotIsCurrent 272 DomainSnapshotHasMetadata 273 ConnectListAllDomains 274 DomainListAllSnapshots
  275 DomainSnapshotListAllChildren 277 DomainGetHostname 278 DomainGetSecurityLabelList 279 DomainPinEmulator
  280 DomainGetEmulatorPinInfo 281 ConnectListAllStoragePools 282 StoragePoolListAllVolumes 283 ConnectListAllNetworks
  284 ConnectListAllInterfaces 285 ConnectListAllNodeDevices 286 ConnectListAllNWFilters 287 ConnectListAllSecrets
  288 NodeSetMemoryParameters 289 NodeGetMemoryParameters 290 DomainBlockCommit 291 NetworkUpdate 293 NodeGetCPUMap 294 DomainFSTrim
  295 DomainSendProcessSignal 296 DomainOpenChannel 297 NodeDeviceLookupSCSIHostByWWN 298 DomainGetJobStats
  299 DomainMigrateGetCompressionCache 300 DomainMigrateSetCompressionCache 301 NodeDeviceDetachFlags 302 DomainMigrateBegin3Params
  303 DomainMigratePrepare3Params 304 DomainMigratePrepareTunnel3Params 305 DomainMigratePerform3Params 306 DomainMigrateFinish3Params
  307 DomainMigrateConfirm3Params 308 DomainSetMemoryStatsPeriod 309 DomainCreateXMLWithFiles 310 DomainCreateWithFiles
  312 ConnectGetCPUModelNames 313 ConnectNetworkEventRegisterAny 314 ConnectNetworkEventDeregisterAny 334 DomainCoreDumpWithFormat
  335 DomainFSFreeze 336 DomainFSThaw 337 DomainGetTime 338 DomainSetTime 340 NodeGetFreePages 341 NetworkGetDHCPLeases
  342 ConnectGetDomainCapabilities 343 DomainOpenGraphicsFD 344 ConnectGetAllDomainStats 345 DomainBlockCopy 347 NodeAllocPages
  349 DomainGetFSInfo 350 DomainDefineXMLFlags 351 DomainGetIOThreadInfo 352 DomainPinIOThread 353 DomainInterfaceAddresses
  355 DomainAddIOThread 356 DomainDelIOThread 357 DomainSetUserPassword 358 DomainRename 360 ConnectRegisterCloseCallback
  361 ConnectUnregisterCloseCallback 364 DomainMigrateStartPostCopy 365 DomainGetPerfEvents 366 DomainSetPerfEvents
  368 ConnectStoragePoolEventRegisterAny 369 ConnectStoragePoolEventDeregisterAny 371 DomainGetGuestVcpus 372 DomainSetGuestVcpus
  374 ConnectNodeDeviceEventRegisterAny 375 ConnectNodeDeviceEventDeregisterAny 378 StorageVolGetInfoFlags
  380 ConnectSecretEventRegisterAny 381 ConnectSecretEventDeregisterAny 384 DomainSetVcpu 386 DomainSetBlockThreshold
  387 DomainMigrateGetMaxDowntime 388 DomainManagedSaveGetXMLDesc 389 DomainManagedSaveDefineXML 390 DomainSetLifecycleAction
  391 StoragePoolLookupByTargetPath 392 DomainDetachDeviceAlias 393 ConnectCompareHypervisorCPU 394 ConnectBaselineHypervisorCPU
  395 NodeGetSEVInfo 396 DomainGetLaunchSecurityInfo 397 NWFilterBindingLookupByPortDev 398 NWFilterBindingGetXMLDesc
  399 NWFilterBindingCreateXML 400 NWFilterBindingDelete 401 ConnectListAllNWFilterBindings 402 DomainSetIOThreadParams
  403 ConnectGetStoragePoolCapabilities 404 NetworkListAllPorts 405 NetworkPortLookupByUUID 406 NetworkPortCreateXML
  407 NetworkPortGetParameters 408 NetworkPortSetParameters 409 NetworkPortGetXMLDesc 410 NetworkPortDelete 411 DomainCheckpointCreateXML
  412 DomainCheckpointGetXMLDesc 413 DomainListAllCheckpoints 414 DomainCheckpointListAllChildren 415 DomainCheckpointLookupByName
  416 DomainCheckpointGetParent 417 DomainCheckpointDelete 418 DomainGetGuestInfo 419 ConnectSetIdentity
  420 DomainAgentSetResponseTimeout 421 DomainBackupBegin 422 DomainBackupGetXMLDesc 424 DomainAuthorizedSSHKeysGet
  425 DomainAuthorizedSSHKeysSet 426 DomainGetMessages 427 DomainStartDirtyRateCalc 428 NodeDeviceDefineXML 429 NodeDeviceUndefine
  430 NodeDeviceCreate 431 NWFilterDefineXMLFlags 432 NetworkDefineXMLFlags 433 NodeDeviceGetAutostart 434 NodeDeviceSetAutostart
  435 NodeDeviceIsPersistent 436 NodeDeviceIsActive 437 NetworkCreateXMLFlags 439 DomainSetLaunchSecurityState 440 DomainSaveParams
  441 DomainRestoreParams 442 DomainAbortJobFlags 443 DomainFDAssociate
`;

/** `virDomainCreate`; undefined for a number that libvirt 9.0 has no function by. */
export function apiName(procedure: number): string | undefined {
  const name = new RegExp(`\\s${procedure} (\\w+)`).exec(NAMES)?.[1];
  return name === undefined ? undefined : `vir${name}`;
}
