"""All that machines without internet need, in one folder that can be carried and checked."""
