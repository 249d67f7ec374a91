"""How relations are said in English: as questions (`relation_wording`), and as statements (`statements`)."""
