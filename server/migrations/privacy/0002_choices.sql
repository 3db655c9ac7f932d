-- What a customer was told and decided lies with the conversation now.
DROP TABLE privacy_records;
