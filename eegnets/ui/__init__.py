"""The only Streamlit in the package: what pages share. The rest of the package imports without it."""
