@echo off
rem Installs ganaug from this folder alone: no network, no administrator rights.
rem Usage: install.cmd [FOLDER]     else FOLDER is "ganaug" in the home folder; PYTHON may name the Python to use.
setlocal
set "target=%USERPROFILE%\ganaug"
if not "%~1"=="" set "target=%~f1"
pushd "%~dp0"
set "PYTHONPATH="
set "PYTHONHOME="
set "PIP_CONFIG_FILE=nul"

set "found="
if defined PYTHON call :try "%PYTHON%"
call :try py -@MAJOR@.@MINOR@
call :try python
if not defined found goto nopython
if exist "%target%" goto taken

echo Checking the files.
%found% check.py @SYSTEM@ @MACHINE@ @LEAST@
if errorlevel 1 goto stopped

echo Installing @COUNT@ packages into "%target%": a few minutes.
%found% -m venv --without-pip "%target%"
if errorlevel 1 goto undo
"%target%\Scripts\python.exe" "wheels\@PIP@\pip" --isolated --disable-pip-version-check --no-cache-dir --quiet install --no-index --find-links wheels "ganaug==@VERSION@" pip
if errorlevel 1 goto undo

echo ganaug @VERSION@ is installed. Start it with:
echo   "%target%\Scripts\ganaug.exe" demo
popd
pause
exit /b 0

:try
if defined found exit /b 0
%* -c "import sys; sys.exit(sys.version_info[:2] != (@MAJOR@, @MINOR@))" >nul 2>nul
if not errorlevel 1 set found=%*
exit /b 0

:nopython
echo Python @MAJOR@.@MINOR@ was not found. Name it: set PYTHON=C:\path\to\python.exe
goto stopped

:taken
echo "%target%" is already there. Delete it, or name another folder: install.cmd FOLDER
goto stopped

:undo
if exist "%target%" rmdir /s /q "%target%"
echo Nothing was installed.

:stopped
popd
pause
exit /b 1
