"""The cards of models (模型): what each was learned from, how good it is, whether acting on it pays, and its switch."""
