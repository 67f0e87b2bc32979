/* Each file stands in .rodata between two symbols. A missing one fails the build. */
.macro embed name, file
  .global embedded_\name, embedded_\name\()_end
embedded_\name:
  .incbin "\file"
embedded_\name\()_end:
.endm

.section .rodata
embed schema, "store/schema.sql"
embed migration_2, "store/migrations/0002.sql"
embed seed, "data/seed.json"
embed openapi, "data/openapi.json"

/* The files of the page, as a table of their names, beginnings and ends. */
.macro web name
  .pushsection .rodata
1:.asciz "\name"
2:.incbin "data/web/\name"
3:
  .popsection
  .quad 1b, 2b, 3b
.endm

.section .data.rel.ro, "aw"
.balign 8
.global embedded_web
embedded_web:
.include "web_files.inc" /* made by the Makefile: one line for each file in data/web/ */
.quad 0, 0, 0

/* Where the pack stands in this file, its size and its hash: store/pack writes them into a copy. */
.section .data
.balign 16
.global embedded_pack_slot
embedded_pack_slot:
.ascii "kiosk pack slot:"
.quad 0, 0, 0

.section .note.GNU-stack, "", %progbits
