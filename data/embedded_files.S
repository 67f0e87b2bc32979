/* Each file stands in .rodata between two symbols. */
.macro embed name, file
  .global embedded_\name, embedded_\name\()_end
embedded_\name:
  .incbin "\file"
embedded_\name\()_end:
.endm

.section .rodata
embed schema "store/schema.sql"
embed seed "data/seed.json"

.section .note.GNU-stack, "", %progbits
