"""`bundle`: everything that machines without internet need."""
