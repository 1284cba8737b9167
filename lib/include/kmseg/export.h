/* Marks what libkmseg exports; everything else stays hidden. */
#ifndef KMSEG_EXPORT_H
#define KMSEG_EXPORT_H

#ifdef __cplusplus
#define KMSEG_BEGIN_DECLS extern "C" {
#define KMSEG_END_DECLS   }
#else
#define KMSEG_BEGIN_DECLS
#define KMSEG_END_DECLS
#endif

#define KMSEG_API __attribute__((visibility("default")))

#endif
