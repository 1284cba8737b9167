# Filled by packaging: install rules, kmsegConfig.cmake, kmseg.pc.
